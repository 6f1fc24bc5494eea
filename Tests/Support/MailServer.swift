import Glibc

/// A mail server on loopback, a process of its own, that keeps what it gets.
public final class MailServer: Sendable {
    /// What it is started with, beside an open port.
    public struct Options: Sendable {
        /// Paths of a certificate and its key, for TLS from the beginning.
        public var tls: (certificate: String, key: String)?
        /// The same for STARTTLS, which the client has to use then.
        public var startTLS: (certificate: String, key: String)?
        /// The name and the password that a client has to have.
        public var login: (name: String, password: String)?

        public init() {}
    }

    /// It hasn't said in time that it listens, or a message hasn't come.
    public struct Silent: Error {
        let output: String
    }

    /// A message as it came.
    public struct Message: Sendable {
        /// The sender and the recipients of the envelope.
        public let envelope: [String]
        public let headers: [String: String]
        public let text: String

        /// The first link in the text.
        public var link: String? {
            text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http") }.map(String.init)
        }
    }

    /// The port that it listens on.
    public let port: Int
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    public init(_ options: Options = Options()) async throws {
        directory = try TemporaryDirectory("martlet-mail")
        let python = try PythonEnvironment.python(with: ["aiosmtpd==1.4.6"])
        var arguments = ["\(Repository.path)/Tests/Support/mail_server.py", directory.path]
        if let tls = options.tls { arguments += ["--tls", tls.certificate, tls.key] }
        if let tls = options.startTLS { arguments += ["--starttls", tls.certificate, tls.key] }
        if let login = options.login { arguments += ["--login", login.name, login.password] }
        let process = try ChildProcess(python, arguments, outputPath: "\(directory.path)/output")
        self.process = process
        var found: Int?
        let deadline = ContinuousClock.now + .seconds(60)
        while found == nil, ContinuousClock.now < deadline, process.exitStatus == nil {
            try await Task.sleep(for: .milliseconds(10))
            let output = process.output
            if output.hasSuffix("\n") {
                found = output.split(separator: "\n").last { $0.hasPrefix("port ") }.flatMap { Int($0.dropFirst(5)) }
            }
        }
        guard let found else { throw Silent(output: process.output) }
        port = found
    }

    /// The message of this number, 1 being the first; waits for it if need be.
    public func message(_ number: Int) async throws -> Message {
        let path = "\(directory.path)/\(number).eml"
        let deadline = ContinuousClock.now + .seconds(60)
        while access(path, F_OK) != 0 {
            guard ContinuousClock.now < deadline else { throw Silent(output: process.output) }
            try await Task.sleep(for: .milliseconds(10))
        }
        let lines = String(decoding: readFile(path) ?? [], as: UTF8.self).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let headers = lines.dropFirst().prefix { !$0.isEmpty }
        let pairs = headers.compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1].drop { $0 == " " })) : nil
        }
        return Message(
            envelope: (lines.first ?? "").split(separator: " ").map(String.init), headers: Dictionary(pairs) { $1 },
            text: lines.dropFirst(headers.count + 2).joined(separator: "\n"))
    }

    /// How many messages have come.
    public var count: Int {
        (1...).prefix { access("\(directory.path)/\($0).eml", F_OK) == 0 }.count
    }
}
