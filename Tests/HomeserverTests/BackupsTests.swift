import CanonicalJSON
import Glibc
import Homeserver
import MatrixProtocol
import Store
import TestSupport
import Testing

@Suite struct BackupsTests {
    private let directory: TemporaryDirectory
    private let key: SigningKey

    init() throws {
        directory = try TemporaryDirectory()
        key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
    }

    @Test func aBackupSaysWhatItIs() async throws {
        let backup = path("backup")
        let marker = try await server { server in
            try await server.accounts.setAccountData(
                of: requester.userID, in: nil, type: "org.example", to: Array("{}".utf8), for: requester)
            return try await server.backups.create(at: backup)
        }
        #expect(marker.serverName == "example.org" && marker.programVersion == ProgramVersion.current)
        #expect(Set(marker.databases.map(\.name)) == ["accounts", "rooms", "transitory"])
        #expect(marker.databases.allSatisfy { $0.position > Position(0) })
        #expect(try BackupMarker(ofBackupAt: backup) == marker)
        #expect(
            try BackupDirectory.contents(of: backup) == ["accounts", "martlet.yaml", "rooms", "signing.key", "transitory"])
        #expect(readFile("\(backup)/martlet.yaml") == Array("server_name: example.org".utf8))
        #expect(StoredBackups.verify(backup).map(\.findings) == [[], [], []])
        #expect(try StoredBackups.serverName(of: backup) == "example.org")
        #expect(access(path("data/backup.new"), F_OK) != 0)
    }

    @Test func oneIsMadeAtATime() async throws {
        let outcomes = try await server { server in
            await withTaskGroup(of: (any Error)?.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        do { _ = try await server.backups.create(at: path("backup \(number)")) } catch { return error }
                        return nil
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(outcomes.contains { $0 == nil })
        for case let error? in outcomes { #expect(error as? BackupError == .isBeingMade) }
        let made = try StoredBackups.list(directory.path)
        #expect(made.count == outcomes.count { $0 == nil })
        #expect(made.allSatisfy { (try? $0.marker.get())?.serverName == "example.org" })
    }

    @Test func nothingIsLeftOfOneThatFails() async throws {
        try await server { server in
            // The signing key comes after the databases.
            try #require(unlink(path("data/signing.key")) == 0)
            await #expect(throws: StoreError.self) { try await server.backups.create(at: path("backup")) }
            #expect(access(path("backup"), F_OK) != 0)
            #expect(access(path("data/backup.new"), F_OK) != 0)
            await #expect(throws: StoreError.self) { try await server.backups.create(at: path("data")) }
            #expect(access(path("data/rooms/CURRENT"), F_OK) == 0)
        }
    }

    @Test func aRestoredBackupIsADataDirectory() async throws {
        let backup = path("backup")
        let marker = try await server { try await $0.backups.create(at: backup) }
        #expect(try StoredBackups.restore(backup, to: path("restored")) == marker)
        #expect(throws: StoreError.self) { try StoredBackups.restore(backup, to: path("data")) }
        #expect(throws: StoreError.self) { try StoredBackups.restore(path("restored/rooms"), to: path("other")) }
        #expect(access(path("other"), F_OK) != 0)

        try await server("restored") { _ in
            // It is in use from now on, and no backup any more.
            _ = #expect(throws: StoreError.self) { try BackupMarker(ofBackupAt: path("restored")) }
        }
        #expect(try BackupMarker(ofBackupAt: backup) == marker)
    }

    @Test func halfABackupIsOfNoUse() async throws {
        let half = path("half")
        try await server { _ = try await $0.backups.create(at: half) }
        try write("", to: "\(half)/backup.unfinished")
        #expect(throws: StoreError.self) { try StoredBackups.restore(half, to: path("restored")) }
        await #expect(throws: StoreError.self) { try await server("half") { _ in } }
        #expect(try StoredBackups.list(directory.path).map { (try? $0.marker.get()) == nil } == [true])
    }

    @Test func aMarkerThatNobodyUnderstandsIsSaid() async throws {
        let backup = path("backup")
        let marker = try await server { try await $0.backups.create(at: backup) }
        for text in ["", "{", "[]", #"{"server_name":"example.org"}"#] {
            try #require(unlink("\(backup)/backup.json") == 0)
            try write(text, to: "\(backup)/backup.json")
            #expect(throws: BackupError.unreadableMarker(path: backup)) { try StoredBackups.restore(backup, to: path("restored")) }
        }
        var foreign = marker.json
        foreign["server_name"] = "example.com"
        try #require(unlink("\(backup)/backup.json") == 0)
        try write(String(decoding: foreign.encoded(), as: UTF8.self), to: "\(backup)/backup.json")
        #expect(throws: BackupError.self) { try StoredBackups.restore(backup, to: path("restored")) }
        #expect(access(path("restored"), F_OK) != 0)
    }

    @Test func aStoppedServerIsBackedUpToo() async throws {
        try await server { _ in }
        let data = try DataDirectory(existing: path("data"))
        let marker = try await Backups.create(at: path("backup"), of: data, configurationFile: nil, environment: .system())
        #expect(marker.serverName == "example.org")
        #expect(try BackupDirectory.contents(of: path("backup")) == ["accounts", "rooms", "signing.key", "transitory"])
        #expect(StoredBackups.verify(path("data")).map(\.findings) == [[], [], []])
    }

    private let requester = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "A")

    private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    /// Runs a server on a data directory, which is made if it isn't there.
    private func server<Result>(_ name: String = "data", _ body: (Homeserver) async throws -> Result) async throws -> Result {
        if mkdir(path(name), 0o700) == 0 { try write("ed25519 1 key", to: "\(path(name))/signing.key") }
        if access(path("the configuration"), F_OK) != 0 { try write("server_name: example.org", to: path("the configuration")) }
        let settings = HomeserverSettings(
            serverName: ServerName(trusted: "example.org"), dataDirectory: path(name), configurationFile: path("the configuration"),
            signingKey: key, blockCacheBytes: 1 << 20, accounts: AccountsSettings())
        return try await Homeserver.run(settings: settings, environment: .system(), body)
    }

    private func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        try #require(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
    }
}
