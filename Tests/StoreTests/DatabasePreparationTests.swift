import Glibc
import Store
import TestSupport
import Testing

/// The databases of a data directory are looked at together before one of them is touched, and kept as they are before an upgrade.
@Suite struct DatabasePreparationTests {
    private static let names = ["alpha", "beta", "gamma"]
    private let directory: TestDataDirectory

    init() async throws {
        directory = try TestDataDirectory()
        try await directory.prepare(schema(1, "alpha"), schema(1, "beta"), schema(1, "gamma"))
        for name in Self.names {
            try await directory.session(schema(1, name)) { database in
                try await database.commit { $0.put(TestMigrations.titles, name, name) }
            }
        }
    }

    private func schema(_ version: UInt64, _ name: String) -> DatabaseSchema {
        TestMigrations.schema(version, name: name)
    }

    /// Removes a database's directory.
    private func removeDatabase(_ path: String) throws {
        for name in try DatabaseFiles.names(in: path) { try #require(unlink("\(path)/\(name)") == 0) }
        try #require(rmdir(path) == 0)
    }

    /// Expects the preparation to be refused with this error's text, and every file to stay as it is.
    private func expectRefusal(
        _ schemas: (DatabaseSchema, DatabaseSchema, DatabaseSchema), serverName: String = "example.org", _ message: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try directory.files()
        let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
            try await directory.prepare(schemas.0, schemas.1, schemas.2, serverName: serverName)
        }
        #expect(error.map { "\($0)" } == message, sourceLocation: sourceLocation)
        #expect(try directory.files() == before, sourceLocation: sourceLocation)
    }

    @Test func whatFitsIsLeftAlone() async throws {
        let before = try directory.files()
        #expect(try await directory.prepare(schema(1, "alpha"), schema(1, "beta"), schema(1, "gamma")) == [])
        #expect(try directory.files() == before)
    }

    @Test func whoOpensThemAsTheyAreHasThemChecked() async throws {
        try await directory.check(schema(1, "alpha"), schema(1, "beta"), schema(1, "gamma"))
        let before = try directory.files()
        let older = await #expect(throws: StoreError.self) {
            try await directory.check(schema(1, "alpha"), schema(2, "beta"), schema(1, "gamma"))
        }
        #expect(
            older.map { "\($0)" }
                == "the beta database in \(directory.path)/beta has schema version 1, this program has 2; start the server to bring it forward"
        )
        let missing = await #expect(throws: StoreError.self) { try await directory.check(schema(1, "alpha"), schema(1, "delta")) }
        #expect(missing.map { "\($0)" } == "the data directory \(directory.path) has no database delta")
        #expect(try directory.files() == before)
    }

    @Test func aMissingDatabaseIsNotMadeAnew() async throws {
        try removeDatabase("\(directory.path)/beta")
        try await expectRefusal(
            (schema(2, "alpha"), schema(1, "beta"), schema(1, "gamma")),
            "the data directory \(directory.path) has alpha and gamma but not beta: mount the disk that it lies on or, if it is lost, restore a "
                + "backup of all databases")
        // Where its disk was mounted, a directory is left.
        mkdir("\(directory.path)/beta", 0o700)
        let error = await #expect(throws: StoreError.self) {
            try await directory.prepare(schema(1, "alpha"), schema(1, "beta"), schema(1, "gamma"))
        }
        guard case .databaseMissing = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try DatabaseFiles.names(in: "\(directory.path)/beta") == [])
    }

    @Test func aDatabaseWithoutItsCurrentFileIsNotMadeAnew() async throws {
        unlink("\(directory.path)/beta/CURRENT")
        let error = await #expect(throws: StoreError.self) {
            try await directory.prepare(schema(1, "alpha"), schema(1, "beta"), schema(1, "gamma"))
        }
        guard case .damaged(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.hasPrefix("the beta database in \(directory.path)/beta has lost the file CURRENT; "))
        #expect(try !DatabaseFiles.names(in: "\(directory.path)/beta").contains("CURRENT"))
    }

    @Test func anInterruptedFirstStartGoesOn() async throws {
        let new = try TestDataDirectory()
        try await new.prepare(schema(1, "alpha"))
        #expect(try await new.prepare(schema(1, "alpha"), schema(1, "beta")) == [])
        #expect(try DatabaseFiles.names(in: new.path) == ["alpha", "beta"])
    }

    @Test func oneThatDoesNotFitStopsAll() async throws {
        try await directory.prepare(schema(2, "gamma"))
        try await expectRefusal(
            (schema(2, "alpha"), schema(1, "beta"), schema(1, "gamma")),
            "the gamma database in \(directory.path)/gamma has schema version 2, this program has 1: a newer program wrote it")
        let fewer = DatabaseSchema(name: "beta", version: 1, maps: [TestMigrations.titles.map])
        try await expectRefusal(
            (schema(2, "alpha"), fewer, schema(2, "gamma")),
            "the beta database in \(directory.path)/beta doesn't have this version's maps; unknown: amounts")
        let unreachable = DatabaseSchema(name: "beta", version: 2, maps: [TestMigrations.titles.map])
        try await expectRefusal(
            (schema(2, "alpha"), unreachable, schema(2, "gamma")),
            "the beta database in \(directory.path)/beta has schema version 1, this program has 2, and nothing leads from the one to the other"
        )
    }

    @Test func anotherServersDatabasesAreLeftAlone() async throws {
        let before = try directory.files()
        let error = await #expect(throws: StoreError.self) {
            try await directory.prepare(schema(2, "alpha"), schema(2, "beta"), schema(2, "gamma"), serverName: "example.com")
        }
        #expect(error.map { "\($0)".hasSuffix(" belongs to the server example.org, not to example.com") } == true)
        #expect(try directory.files() == before)
    }

    @Test func allDatabasesAreKeptBeforeOneIsUpgraded() async throws {
        let before = try directory.files()
        let events = try await directory.prepare(schema(2, "alpha"), schema(1, "beta"), schema(3, "gamma"))
        let checkpoint = "\(directory.path)/before-schema-alpha-2-gamma-3"
        #expect(try #require(events.first).contains(" as they were in \(checkpoint). To go back "))
        #expect(try DatabaseFiles.names(in: checkpoint) == Self.names)
        for name in Self.names { #expect(try DatabaseFiles(in: "\(checkpoint)/\(name)") == before[name]) }

        // How to go back.
        for name in Self.names {
            try removeDatabase("\(directory.path)/\(name)")
            #expect(rename("\(checkpoint)/\(name)", "\(directory.path)/\(name)") == 0)
        }
        #expect(try await directory.prepare(schema(1, "alpha"), schema(1, "beta"), schema(1, "gamma")) == [])
        for name in Self.names {
            #expect(try await directory.content(schema(1, name)) == ["titles": [name.encoded: name.encoded]])
        }
    }

    @Test func anotherUpgradeHasACheckpointOfItsOwn() async throws {
        try await directory.prepare(schema(2, "alpha"), schema(1, "beta"), schema(1, "gamma"))
        let taken = "\(directory.path)/before-schema-beta-2"
        mkdir(taken, 0o700)
        try await directory.prepare(schema(2, "alpha"), schema(2, "beta"), schema(1, "gamma"))
        #expect(
            try DatabaseFiles.names(in: directory.path) == [
                "alpha", "before-schema-alpha-2", "before-schema-beta-2", "before-schema-beta-2-2", "beta", "gamma",
            ])
        #expect(try DatabaseFiles.names(in: taken) == [])
    }

    @Test func withoutACheckpointNothingIsUpgraded() async throws {
        let before = try directory.files()
        // Something that can't be copied.
        let obstacle = "\(directory.path)/beta/pipe"
        mkfifo(obstacle, 0o600)
        let error = await #expect(throws: StoreError.self) {
            try await directory.prepare(schema(2, "alpha"), schema(2, "beta"), schema(2, "gamma"))
        }
        #expect(
            error.map { "\($0)" }
                == "the databases are not upgraded, because they can't be kept as they are first: \(obstacle) is neither a file nor a directory "
                + "and can't be copied")
        unlink(obstacle)
        #expect(try directory.files() == before)
        #expect(try await directory.prepare(schema(2, "alpha"), schema(2, "beta"), schema(2, "gamma")).count > 1)
    }

    @Test func anUpgradeThatIsInterruptedBetweenDatabasesGoesOnWithoutAnotherCheckpoint() async throws {
        var interruptions: [[String: DatabaseFiles]] = []
        try await directory.prepare(schema(2, "alpha"), schema(1, "beta"), schema(2, "gamma")) { event in
            if case .checkpointMade = event { return }
            do {
                interruptions.append(try directory.files())
            } catch {
                Issue.record(error)
            }
        }
        for files in interruptions {
            let copy = try TestDataDirectory()
            for name in Self.names { try #require(files[name]).write(to: "\(copy.path)/\(name)") }
            try await copy.prepare(schema(2, "alpha"), schema(1, "beta"), schema(2, "gamma"))
            #expect(try DatabaseFiles.names(in: copy.path) == Self.names)
            for name in ["alpha", "gamma"] {
                #expect(try await copy.content(schema(2, name))["lengths"] == [name.encoded: UInt64(name.utf8.count).encoded])
            }
        }
    }
}
