import ArgumentParser

/// The options that every scenario has: which servers, how to get accounts on them, where to report to.
struct ScenarioOptions: ParsableArguments {
    /// The word that stands for "none" where an option is given once for each side.
    static let none = "-"

    @Argument(help: "The homeserver's URL: scheme, host and port. With a second one both are measured, one after the other.")
    var urls: [String] = []

    @Option(
        help: """
            How the report calls the server; once for each URL.
            """)
    var name: [String] = []

    @Option(
        help: ArgumentHelp(
            "Make accounts by Synapse's /_synapse/admin/v1/register with this secret.",
            discussion:
                "This option, --registration-token and --server-pid are given once for all URLs, or once for each, in order, - for none."))
    var sharedSecret: [String] = []

    @Option(help: "Make accounts by registration with this token. Without it, and without a shared secret, by m.login.dummy.")
    var registrationToken: [String] = []

    @Option(help: "The server's process on this machine, whose memory and CPU time are reported.")
    var serverPid: [String] = []

    @Option(help: "The version of rooms that are made; \"default\" leaves it to the server.")
    var roomVersion: String = "11"

    @Option(help: "Write the report as JSON to this file too.")
    var json: String?

    func validate() throws {
        guard urls.count <= 2 else {
            throw ValidationError("At most two URLs can be compared.")
        }
        for url in urls { _ = try address(url) }
        if let first = serverPid.first(where: { $0 != Self.none && Int($0) == nil }) {
            throw ValidationError("\(first) is not a process ID.")
        }
    }

    /// The room version to ask for; nil leaves it to the server.
    var requestedRoomVersion: String? { roomVersion == "default" ? nil : roomVersion }

    private func address(_ url: String) throws -> ServerAddress {
        guard let address = ServerAddress(url: url) else { throw ValidationError("\(url) is not of the form http://host:port.") }
        return address
    }

    /// The sides that the options describe.
    ///
    /// - Parameters:
    ///   - urls: the servers' URLs, where they come from somewhere else.
    ///   - names: what the report calls them, where `--name` says nothing.
    func sides(_ connections: Connections, urls: [String]? = nil, names: [String] = []) throws -> [Side] {
        let urls = urls ?? self.urls
        guard !urls.isEmpty else {
            throw ValidationError("Missing the URL of a homeserver.")
        }
        return try urls.enumerated().map { index, url in
            let server = try address(url)
            let process = try value(of: serverPid, "--server-pid", side: index, of: urls.count).flatMap { Int($0) }.map(ServerProcess.init)
            if let process, process.sample() == nil {
                throw ValidationError("There is no process \(process.processID) whose /proc/\(process.processID) can be read.")
            }
            let registration: Registration =
                if let secret = try value(of: sharedSecret, "--shared-secret", side: index, of: urls.count) {
                    .sharedSecret(secret)
                } else {
                    .userInteractive(token: try value(of: registrationToken, "--registration-token", side: index, of: urls.count))
                }
            let fallback = index < names.count ? names[index] : server.hostField
            return Side(
                name: index < name.count ? name[index] : fallback, baseURL: url, server: server, registration: registration,
                process: process, connections: connections)
        }
    }

    private func value(of values: [String], _ option: String, side: Int, of sides: Int) throws -> String? {
        guard values.count <= 1 || values.count == sides else {
            throw ValidationError("\(option) is given once, or once for each URL.")
        }
        let value = values.count > 1 ? values[side] : values.first
        return value == Self.none ? nil : value
    }
}
