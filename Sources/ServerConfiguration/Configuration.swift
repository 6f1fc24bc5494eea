/// Everything that an administrator can decide about a server, each option with its default.
///
/// The defaults make a working server: `Configuration()` is named `localhost` and answers on 127.0.0.1:8008. Values come from
/// ``Configuration/load(from:)``; docs/configuration.md describes every option for whoever runs the server.
package struct Configuration: ConfigurationSection {
    /// The name that ends every user ID and room alias made here. It cannot change later.
    package var serverName = "localhost"
    /// Where clients reach the server: for well-known documents and links. Without it no well-known document is served.
    package var publicBaseURL: String?
    /// The folder that holds everything the server keeps.
    package var dataDirectory = "./martlet-data"
    /// The addresses that the server answers on; never empty once validated.
    package var listeners = [Listener()]
    package var registration = Registration()
    package var login = Login()
    package var email: Email?
    package var rateLimits = RateLimits()
    package var limits = Limits()
    package var federation = Federation()
    package var network = Network()
    /// Paths of application services' registration files.
    package var applicationServices: [String] = []
    package var rooms = Rooms()
    package var presence = Presence()
    package var push = Push()
    package var serverNotices = ServerNotices()
    package var streams = Streams()
    package var voip = VoIP()
    package var logging = Logging()
    package var support = Support()
    package var store = Store()

    package init() {}

    package static let options: [ConfigurationOption<Configuration>] = [
        ConfigurationOption("server_name", \.serverName),
        ConfigurationOption("public_base_url", \.publicBaseURL),
        ConfigurationOption("data_directory", \.dataDirectory),
        ConfigurationOption("listeners", \.listeners),
        ConfigurationOption("registration", \.registration),
        ConfigurationOption("login", \.login),
        ConfigurationOption("email", \.email),
        ConfigurationOption("rate_limits", \.rateLimits),
        ConfigurationOption("limits", \.limits),
        ConfigurationOption("federation", \.federation),
        ConfigurationOption("network", \.network),
        ConfigurationOption("application_services", \.applicationServices),
        ConfigurationOption("rooms", \.rooms),
        ConfigurationOption("presence", \.presence),
        ConfigurationOption("push", \.push),
        ConfigurationOption("server_notices", \.serverNotices),
        ConfigurationOption("streams", \.streams),
        ConfigurationOption("voip", \.voip),
        ConfigurationOption("logging", \.logging),
        ConfigurationOption("support", \.support),
        ConfigurationOption("store", \.store),
    ]
}
