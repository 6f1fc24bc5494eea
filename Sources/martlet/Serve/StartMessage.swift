import Glibc
import ServerConfiguration

/// What the server says on standard output when it starts, for the person who started it and for programs that wait for it.
///
/// The lines `registration token: TOKEN` and `listening on URL` are an interface: they are printed at every start in this form.
struct StartMessage {
    let configuration: Configuration

    /// Says how people can make accounts. With `registrationToken` the token's line is printed.
    func printRegistration(token: String?) {
        let registration = configuration.registration
        printLines(
            !registration.enabled
                ? ["registration is off"]
                : registration.requireToken
                    ? token.map { ["registration token: \($0)"] } ?? [] : ["registration is open to everybody, without a token"])
    }

    /// Says where the server answers, and, if clients are served, how to use it.
    ///
    /// - Parameter urls: the addresses that are bound, in the listeners' order.
    func printListening(on urls: [String]) {
        var lines = urls.map { "listening on \($0)" }
        if let url = clientURL(urls) {
            lines.append("")
            if configuration.registration.enabled {
                let withToken = configuration.registration.requireToken ? " and give the registration token" : ""
                lines.append("To register: in a Matrix client choose \(url) as the homeserver, create an account\(withToken).")
            }
            lines.append("To log in: in a Matrix client choose \(url) as the homeserver, log in as @name:\(configuration.serverName).")
            lines.append("To stop: press Ctrl-C, or send SIGTERM.")
        }
        printLines(lines)
    }

    /// The URL that a person gives to a client: the public one, or else the first address that serves clients.
    private func clientURL(_ urls: [String]) -> String? {
        let listeners = configuration.listeners.flatMap { listener in listener.bind.map { _ in listener } }
        let url = zip(listeners, urls).first { $0.0.resources.contains(.client) }?.1
        return url.map { configuration.publicBaseURL ?? $0 }
    }

    private func printLines(_ lines: [String]) {
        for line in lines { print(line) }
        // Programs that start the server read it through a pipe or a file, where lines would wait in a buffer.
        fflush(nil)
    }
}
