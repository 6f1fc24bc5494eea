import CanonicalJSON
import Glibc
import TestSupport
import Testing

/// Data directories that have been damaged: a server says what is wrong and what to do, and makes nothing worse.
@Suite(.fewAtATime) struct DamageTests {
    /// What can happen to a data directory.
    struct Damage: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the server's message has in it.
        let words: [String]
        /// What is as it was afterwards: the damaged database; nil for the whole directory. The others may have been opened.
        var unchanged: String? = "rooms"
        /// Whether `martlet db recover --accept-loss` helps.
        var isRecoverable = true
        /// Whether a recovered server may have these messages; nil when what is lost may be anything of the database of rooms.
        var isKept: (@Sendable (_ messages: [String], DamagedServer) -> Bool)?
        let act: @Sendable (DamagedCopy) throws -> Void

        var testDescription: String { name }

        /// The messages are all that there were up to one, and those in tables at least.
        static let beginning: @Sendable ([String], DamagedServer) -> Bool = {
            $0 == Array($1.messages.prefix($0.count)) && $0.count >= $1.messagesInTables
        }
        static let everything: @Sendable ([String], DamagedServer) -> Bool = { $0 == $1.messages }
    }

    private static let advice = "martlet db recover --accept-loss"

    private static let damages: [Damage] = [
        Damage(name: "a log cut short", words: ["rooms", "log", advice], isKept: Damage.beginning) {
            let log = try $0.log(of: "rooms")
            try #require(truncate(log, off_t(size(ofFile: log) / 2)) == 0)
        },
        Damage(name: "a damaged log", words: ["rooms", "log", advice], isKept: Damage.beginning) {
            let log = try $0.log(of: "rooms")
            try flipBits(ofFile: log, at: size(ofFile: log) / 2)
        },
        Damage(name: "a missing log", words: ["rooms", ".log", advice], isKept: Damage.beginning) { unlink(try $0.log(of: "rooms")) },
        Damage(name: "a table without its footer's magic number", words: ["rooms", "the map ", ".sst", advice]) {
            let table = try $0.table(of: "rooms")
            try flipBits(ofFile: table, at: size(ofFile: table) - 8, count: 8)
        },
        Damage(name: "a table cut short", words: ["rooms", "the map ", ".sst", advice]) {
            try #require(truncate($0.table(of: "rooms"), 100) == 0)
        },
        Damage(name: "a missing table", words: ["rooms", "the map ", ".sst", advice]) { unlink(try $0.table(of: "rooms")) },
        Damage(name: "a missing table of accounts", words: ["accounts", "the map ", ".sst"], unchanged: "accounts", isRecoverable: false) {
            unlink(try $0.table(of: "accounts"))
        },
        Damage(name: "a missing manifest", words: ["rooms", "MANIFEST", advice], isKept: Damage.everything) {
            unlink(try $0.file("MANIFEST", of: "rooms"))
        },
        Damage(name: "a missing CURRENT", words: ["rooms", "CURRENT", advice], isKept: Damage.everything) {
            unlink(try $0.file("CURRENT", of: "rooms"))
        },
        Damage(name: "a missing durable file", words: ["rooms", "durable", advice], isKept: Damage.everything) {
            unlink(try $0.file("durable", of: "rooms"))
        },
        Damage(name: "a durable file of garbage", words: ["rooms", "durable", advice], isKept: Damage.everything) {
            let file = try $0.file("durable", of: "rooms")
            try flipBits(ofFile: file, at: 0, count: size(ofFile: file))
        },
        Damage(name: "a missing database", words: ["rooms"], unchanged: nil, isRecoverable: false) {
            try #require(rename("\($0.path)/rooms", "\($0.server.directory.path)/\(unique("rooms"))") == 0)
        },
        Damage(name: "a file in place of a database", words: ["rooms"], unchanged: nil, isRecoverable: false) {
            try #require(rename("\($0.path)/rooms", "\($0.server.directory.path)/\(unique("rooms"))") == 0)
            close(open("\($0.path)/rooms", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        },
        Damage(name: "a signing key of garbage", words: ["signing.key"], unchanged: nil, isRecoverable: false) {
            try flipBits(ofFile: "\($0.path)/signing.key", at: 0, count: 20)
        },
    ]

    @Test(.timeLimit(.minutes(10)), arguments: damages)
    func isRefusedAndNothingChanged(_ damage: Damage) async throws {
        let copy = try await DamagedServer.shared.copy()
        try damage.act(copy)
        let watched = damage.unchanged.map { "\(copy.path)/\($0)" } ?? copy.path
        let before = try DirectoryFiles(of: watched)
        let refusal = try await copy.refusal()
        for word in damage.words { #expect(refusal.contains(word), "\(word) is missing in: \(refusal)") }
        try before.expectUnchanged(in: watched)

        guard damage.isRecoverable else { return }
        #expect(try await copy.server.martlet("db", "recover", "--data", copy.path).status != .exited(0))
        try before.expectUnchanged(in: watched)
        let recovered = try await copy.server.martlet("db", "recover", "--accept-loss", "--data", copy.path)
        try #require(recovered.status == .exited(0), "\(recovered.output)")
        let again = try await copy.start()
        try await copy.original.checkAccounts(on: again)
        if let isKept = damage.isKept {
            let messages = try await copy.original.messages(on: again)
            #expect(isKept(messages, copy.original), "\(messages)")
        }
        #expect(try await again.stop() == .exited(0))
    }

    /// What can be read is; what can't is an error; and looking for it says where it is.
    @Test(.timeLimit(.minutes(10)))
    func aDamagedBlockIsFoundAndTheRestIsServed() async throws {
        let copy = try await DamagedServer.shared.copy()
        try flipBits(ofFile: copy.table(of: "rooms"), at: 100)
        let server = try await copy.start()
        let history = try await copy.original.history(on: server)
        history.fails(500, "M_UNKNOWN")
        #expect(server.exitStatus == nil)
        #expect(server.output.contains(".sst"), "\(server.output)")
        #expect(try await server.stop() == .exited(0))
        let verified = try await copy.server.martlet("db", "verify", "--data", copy.path)
        #expect(verified.status == .exited(1))
        #expect(verified.output.contains("rooms") && verified.output.contains("pduid_pdu"), "\(verified.output)")
    }

    @Test(.timeLimit(.minutes(10)))
    func anotherServersDirectoryIsLeftAlone() async throws {
        let copy = try await DamagedServer.shared.copy()
        let before = try DirectoryFiles(of: copy.path)
        var options = ServerProcess.Options()
        options.serverName = "elsewhere.example"
        let refusal = try await copy.refusal(options)
        #expect(refusal.contains("localhost") && refusal.contains("elsewhere.example"))
        try before.expectUnchanged(in: copy.path)
        #expect(try await copy.original.messages(on: copy.start()) == copy.original.messages)
    }

    /// What the server may not do: read a directory, read a file, write to a directory.
    static let permissions: [(path: String, mode: mode_t)] = [
        ("rooms", 0), ("rooms/CURRENT", 0), ("rooms", 0o500), ("", 0o500), ("signing.key", 0),
    ]

    @Test(
        .timeLimit(.minutes(10)), .enabled("root needs setpriv to be refused anything") { Unprivileged.isPossible }, arguments: permissions)
    func aWrongPermissionIsRefused(path: String, mode: mode_t) async throws {
        let copy = try await DamagedServer.shared.copy()
        let wrong = path.isEmpty ? copy.path : "\(copy.path)/\(path)"
        var information = stat()
        try #require(stat(wrong, &information) == 0)
        try #require(chmod(wrong, mode) == 0)
        var options = ServerProcess.Options()
        options.launcher = Unprivileged.launcher
        let refusal = try await copy.refusal(options)
        try #require(chmod(wrong, information.st_mode & 0o7777) == 0)
        #expect(refusal.contains(wrong), "\(refusal)")
        #expect(refusal.contains("Permission denied") || refusal.contains("may not"), "\(refusal)")
        #expect(try await copy.original.messages(on: copy.start()) == copy.original.messages)
    }
}

/// How a program is started that has no more rights than its user.
private enum Unprivileged {
    /// Nothing for an ordinary user; root gives up the right to do whatever it wants with files.
    static var launcher: [String] {
        geteuid() == 0 ? ["/usr/bin/setpriv", "--bounding-set", rights, "--inh-caps", rights, "--"] : []
    }

    static var isPossible: Bool { geteuid() != 0 || access("/usr/bin/setpriv", X_OK) == 0 }

    private static let rights = "-dac_override,-dac_read_search"
}
