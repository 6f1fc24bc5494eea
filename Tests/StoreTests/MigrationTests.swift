import Store
import Testing

/// Databases of older versions are brought forward, whatever comes between.
@Suite struct MigrationTests {
    private static let newest = TestMigrations.schema(4)

    /// A directory with a filled database of version 1.
    private func filled() async throws -> TestDataDirectory {
        let directory = try TestDataDirectory()
        let schema = TestMigrations.schema(1)
        try await directory.prepare(schema)
        try await directory.session(schema) { try await TestMigrations.fill($0) }
        return directory
    }

    /// Brings a copy of the files forward, and expects each entry to have been migrated once.
    private func expectToGoOn(_ files: DatabaseFiles, _ point: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let directory = try TestDataDirectory()
        try files.write(to: "\(directory.path)/test")
        try await directory.prepare(Self.newest)
        let content = try await directory.content(Self.newest)
        #expect(content == TestMigrations.expectedContent(), "interrupted at: \(point)", sourceLocation: sourceLocation)
    }

    @Test func aDatabaseGoesThroughAllVersionsSince() async throws {
        let directory = try await filled()
        let events = try await directory.prepare(Self.newest)
        #expect(try await directory.content(Self.newest) == TestMigrations.expectedContent())
        #expect(
            events.dropFirst().filter { !$0.hasPrefix("Migrated") } == [
                "Bringing the test database to schema version 2", "Added the map lengths to the test database",
                "Added the map sums to the test database", "The test database has schema version 2",
                "Bringing the test database to schema version 3", "The test database has schema version 3",
                "Bringing the test database to schema version 4", "Added the map titles_by_length to the test database",
                "Removed the map titles from the test database", "The test database has schema version 4",
            ])
        #expect(events.contains("Migrated 1200 entries of the map titles of the test database"))
        #expect(try await directory.prepare(Self.newest) == [])
    }

    @Test func itMayStopBetween() async throws {
        let directory = try await filled()
        for version in 2...4 as ClosedRange<UInt64> { try await directory.prepare(TestMigrations.schema(version)) }
        #expect(try await directory.content(Self.newest) == TestMigrations.expectedContent())
    }

    @Test func anInterruptedMigrationGoesOn() async throws {
        let directory = try await filled()
        var interruptions: [(files: DatabaseFiles, point: String)] = []
        try await directory.prepare(Self.newest) { event in
            do {
                interruptions.append((try DatabaseFiles(in: "\(directory.path)/test"), "\(event)"))
            } catch {
                Issue.record(error)
            }
        }
        #expect(interruptions.count > 15)
        var lastLogSize = Int.max
        for (files, point) in interruptions {
            try await expectToGoOn(files, point)
            // The last write was not synced before: any part of it may be missing.
            if files.logSize > lastLogSize {
                var torn = files
                torn.truncateLog(to: (lastLogSize + files.logSize) / 2)
                try await expectToGoOn(torn, "\(point), half of its write")
            }
            lastLogSize = files.logSize
        }
    }

    @Test func aMigrationThatIsInterruptedAgainAndAgainGoesOn() async throws {
        let first = try await filled()
        var files: DatabaseFiles? = try DatabaseFiles(in: "\(first.path)/test")
        var interruptions = 0
        while let interrupted = files {
            let directory = try TestDataDirectory()
            try interrupted.write(to: "\(directory.path)/test")
            files = nil
            try await directory.prepare(Self.newest) { event in
                // The checkpoint is no step of the database's.
                if case .checkpointMade = event { return }
                if files == nil { files = try? DatabaseFiles(in: "\(directory.path)/test") }
            }
            interruptions += 1
            if files == nil { #expect(try await directory.content(Self.newest) == TestMigrations.expectedContent()) }
        }
        #expect(interruptions > 15)
    }

    @Test func aNewerProgramGoesOnWithWhatAnOlderOneHasBegun() async throws {
        let directory = try await filled()
        var interruptions: [(files: DatabaseFiles, point: String)] = []
        try await directory.prepare(TestMigrations.schema(2)) { event in
            do {
                interruptions.append((try DatabaseFiles(in: "\(directory.path)/test"), "\(event)"))
            } catch {
                Issue.record(error)
            }
        }
        for (files, point) in interruptions { try await expectToGoOn(files, point) }
    }

    @Test func whatCannotBeMigratedStopsTheUpgradeWhereItIs() async throws {
        let directory = try await filled()
        func schema(failingAt failing: String?) -> DatabaseSchema {
            DatabaseSchema(
                name: "test", version: 2, maps: [TestMigrations.titles.map, TestMigrations.oldAmounts.map],
                migrations: [
                    Migration(
                        to: 2,
                        steps: [
                            MigrationStep(through: TestMigrations.titles) { key, title, commit in
                                if key == failing { throw StoreError.undecodable(title.encoded, as: "a better title") }
                                commit.put(TestMigrations.titles, key, "\(title)!")
                            }
                        ])
                ])
        }
        let error = await #expect(throws: StoreError.self) { try await directory.prepare(schema(failingAt: "999")) }
        guard case .undecodable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let repaired = schema(failingAt: nil)
        #expect(
            try await directory.prepare(repaired) == [
                "Migrated 200 entries of the map titles of the test database", "The test database has schema version 2",
            ])
        let titles = try await directory.content(repaired)["titles"]
        #expect(titles?.count == Int(TestMigrations.entryCount))
        #expect(titles?["999".encoded] == "\(TestMigrations.title(999))!".encoded)
        #expect(titles?["1".encoded] == "\(TestMigrations.title(1))!".encoded)
        // The checkpoint from before is the only one.
        #expect(try DatabaseFiles.names(in: directory.path) == ["before-schema-test-2", "test"])
    }

    @Test func aMigrationMayMakeShortIDsAndStampEntries() async throws {
        let directory = try await filled()
        let ids = Column<TestShortID, String>("ids", in: "test", .random)
        let schema = DatabaseSchema(
            name: "test", version: 2, maps: [TestMigrations.titles.map, TestMigrations.oldAmounts.map, ids.map],
            migrations: [
                Migration(
                    to: 2, adding: [ids.map],
                    steps: [
                        MigrationStep(through: TestMigrations.titles) { key, _, commit in
                            commit.put(ids, commit.makeShortID(), key)
                            commit.stamp(kind: 1, scope: Scope(.room, [1])) { _ in [] }
                        }
                    ])
            ])
        try await directory.prepare(schema)
        #expect(try await directory.content(schema)["ids"]?.count == Int(TestMigrations.entryCount))
        try await directory.session(schema) { database in
            let changes = try #require(try database.snapshot().changes(after: Position(0), limit: .max))
            #expect(changes.count == Int(TestMigrations.entryCount))
            #expect(try await database.commit { $0.makeShortID(TestShortID.self).number } > TestMigrations.entryCount)
            #expect(try await database.stamp() > changes[changes.count - 1].position)
        }
    }

    @Test func aBegunMigrationIsNotForAnOlderProgram() async throws {
        let directory = try await filled()
        try await directory.prepare(TestMigrations.schema(3))
        var begun: DatabaseFiles?
        try await directory.prepare(Self.newest) { event in
            if case .mapAdded = event { begun = try? DatabaseFiles(in: "\(directory.path)/test") }
        }
        let copy = try TestDataDirectory()
        try #require(begun).write(to: "\(copy.path)/test")
        let before = try copy.files()
        for version in [1, 3] as [UInt64] {
            let error = await #expect(throws: StoreError.self) { try await copy.prepare(TestMigrations.schema(version)) }
            let newer = version == 3 ? "a newer program has begun to bring it to version 4" : "a newer program wrote it"
            #expect(
                error.map { "\($0)" }
                    == "the test database in \(copy.path)/test has schema version 3, this program has \(version): \(newer)")
        }
        #expect(try copy.files() == before)
    }

    @Test func aBegunMigrationHasTheMapsOfItsStage() async throws {
        let directory = try await filled()
        var begun: [DatabaseFiles] = []
        try await directory.prepare(Self.newest) { event in
            if case .begun = event, let files = try? DatabaseFiles(in: "\(directory.path)/test") { begun.append(files) }
        }
        // The same migration, said to add another map.
        let other = DatabaseSchema(
            name: "test", version: 4, maps: [TestMigrations.amounts.map],
            migrations: [Migration(to: 4, removing: [TestMigrations.titles.map])])
        let copy = try TestDataDirectory()
        try begun[2].write(to: "\(copy.path)/test")
        let error = await #expect(throws: StoreError.self) { try await copy.prepare(other) }
        #expect(
            error.map { "\($0)" }
                == "the test database in \(copy.path)/test doesn't have this version's maps; unknown: lengths, sums")
    }

    @Test(
        arguments: [
            ([1, 2, 3], "3 stored bytes are not a migration's marker"),
            (UInt64(2).encoded + [7], "9 stored bytes are not a migration's marker"),
            (
                UInt64(2).encoded + [2] + UInt64(9).encoded,
                "the test database in PATH has schema version 1, this program has 4: another program has begun to bring it to version 2"
            ),
            (UInt64(4).encoded + [1], "the test database in PATH doesn't say what it is"),
        ] as [([UInt8], String)])
    func aMarkerThatMakesNoSenseIsRefused(marker: [UInt8], message: String) async throws {
        let directory = try TestDataDirectory()
        let schema = TestMigrations.schema(1)
        try await directory.prepare(schema)
        try await directory.session(schema) { try await $0.commit { $0.put(CommonMaps.global, "migration", marker) } }
        let before = try directory.files()
        let error = await #expect(throws: StoreError.self) { try await directory.prepare(Self.newest) }
        #expect(error.map { "\($0)" } == message.replacing("PATH", with: "\(directory.path)/test"))
        #expect(try directory.files() == before)
    }
}
