import CanonicalJSON
import MatrixProtocol
import RocksDB
import Store
import TestSupport
import Testing

@testable import Homeserver

/// Looking into the databases of a running and of a stopped server.
@Suite struct InspectionTests {
    private let directory: TemporaryDirectory
    private let dataDirectory: String

    init() throws {
        directory = try TemporaryDirectory()
        dataDirectory = "\(directory.path)/data"
    }

    private let alice = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "ALICE")

    /// Runs `body` with a server's inspection, after Alice has stored some account data.
    private func running(_ body: (StoreInspection) async throws -> Void) async throws {
        let lock = try DataDirectory(path: dataDirectory)
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
        let settings = HomeserverSettings(
            serverName: ServerName(trusted: "example.org"), dataDirectory: dataDirectory, signingKey: key, blockCacheBytes: 1 << 20,
            accounts: AccountsSettings())
        try await Homeserver.run(settings: settings, environment: .system()) { homeserver in
            for type in ["org.example.a", "org.example.b", "org.example.c"] {
                try await homeserver.accounts.setAccountData(
                    of: alice.userID, in: nil, type: type, to: Array(#"{"kept":true}"#.utf8), for: alice)
            }
            try await body(homeserver.inspection)
        }
        withExtendedLifetime(lock) {}
    }

    /// Runs `body` with the inspection of the stopped server's directory.
    private func stopped(_ body: (StoreInspection) throws -> Void) throws {
        let lock = try DataDirectory(existing: dataDirectory)
        try body(StoreInspection(stopped: lock, blockCacheBytes: 1 << 20))
        withExtendedLifetime(lock) {}
    }

    private func checkReading(_ inspection: StoreInspection) throws {
        let map = "roomusertype_roomuserdataid"
        let key = #"["@alice:example.org",null,"org.example.b"]"#
        let entry = try inspection.get(map: map, key: key, database: nil)
        #expect(entry["key"] == ["@alice:example.org", .null, "org.example.b"])
        let position = try #require(entry["value"]?.integerValue)
        let stored = try inspection.get(
            map: "roomuserdataid_accountdata", key: #"["@alice:example.org",null,\#(position)]"#, database: "accounts")
        #expect(stored["value"] == ["type": "org.example.b", "content": ["kept": true]])

        func types(_ prefix: String?, limit: Int = .max, reverse: Bool = false) throws -> [String] {
            let answer = try inspection.scan(map: map, prefix: prefix, next: nil, limit: limit, reverse: reverse, database: nil)
            #expect(answer["next"] == nil)
            return answer["entries"]?.arrayValue?.compactMap { $0["key"]?.arrayValue?.last?.stringValue } ?? []
        }
        #expect(try types(nil) == ["org.example.a", "org.example.b", "org.example.c"])
        #expect(try types(nil, limit: 2, reverse: true) == ["org.example.c", "org.example.b"])
        #expect(try types("@alice:example.org", limit: 1) == ["org.example.a"])
        #expect(try types("@bob:example.org") == [])
        #expect(try types(key) == ["org.example.b"])
    }

    @Test func entriesAreReadWhileAServerRunsAndAfterwards() async throws {
        try await running(checkReading)
        try stopped(checkReading)
    }

    /// Commits to the database of rooms while no server runs.
    private func write(_ body: @escaping @Sendable (Commit) throws -> Void) async throws {
        let database = try Database(
            schema: Databases.schemas[0], directory: "\(dataDirectory)/rooms", serverName: "example.org",
            blockCache: BlockCache(capacityBytes: 1 << 20), environment: .system(), notifier: Notifier())
        defer { database.close() }
        try await database.commit(.synced, body)
    }

    @Test func longScansGoPageByPage() async throws {
        try await running { _ in }
        let numbers = 1..<2500
        try await write { commit in
            for number in numbers { commit.put(CommonMaps.followerPosition, "test/\(number + 10_000)", Position(Int64(number))) }
        }
        try stopped { inspection throws in
            for reverse in [false, true] {
                var found: [Int64] = []
                var pages = 0
                var next: String?
                repeat {
                    let answer = try inspection.scan(
                        map: "follower_position", prefix: "test/", next: next, limit: .max, reverse: reverse, database: "rooms")
                    found += answer["entries"]?.arrayValue?.compactMap { $0["value"]?.integerValue } ?? []
                    next = answer["next"]?.stringValue
                    pages += 1
                } while next != nil
                #expect(found == (reverse ? numbers.reversed() : Array(numbers)).map { Int64($0) })
                #expect(pages > 1)
            }
        }
    }

    @Test func mistakesAreExplained() async throws {
        try await running { inspection async throws in
            func message(_ code: MatrixError.Code, _ body: () throws -> JSONObject) throws -> String {
                let error = try #require(throws: MatrixError.self) { try body() }
                #expect(error.code == code)
                return error.message
            }
            #expect(
                try message(.notFound) { try inspection.get(map: "userid_pasword", key: "x", database: nil) }
                    .hasPrefix("there is no map userid_pasword; the closest are userid_password, "))
            #expect(
                try message(.invalidParameter) { try inspection.get(map: "global", key: "server_name", database: nil) }
                    == "there is a map global in each of several databases; name one of rooms, accounts, transitory")
            #expect(
                try message(.notFound) { try inspection.get(map: "global", key: "x", database: "rooms") } == "global has nothing at x")
            #expect(
                try message(.notFound) { try inspection.get(map: "global", key: "x", database: "kitchen") }
                    == "there is no database kitchen; there are rooms, accounts, transitory")
            #expect(
                try message(.invalidParameter) { try inspection.get(map: "roomuserid_joined", key: "@alice", database: nil) }
                    == "@alice is no key of roomuserid_joined, nor the beginning of one: its keys are [short room ID, user ID]")
            #expect(
                try message(.invalidParameter) {
                    try inspection.scan(map: "global", prefix: nil, next: "?", limit: 1, reverse: false, database: "rooms")
                } == "next is not what the answer before gave")
        }
    }

    @Test func everyMapHasFigures() async throws {
        func maps(_ database: JSONValue) -> [JSONObject] { database["maps"]?.arrayValue?.compactMap(\.objectValue) ?? [] }
        let names = Databases.schemas.map { $0.maps.map(\.name) }
        try await running { inspection async throws in
            let statistics = try inspection.statistics()
            #expect(statistics["running"] == true)
            #expect(statistics["block_cache"]?["capacity_bytes"] == .integer(1 << 20))
            let databases = try #require(statistics["databases"]?.arrayValue)
            #expect(databases.map { maps($0).compactMap { $0["name"]?.stringValue } } == names)
            #expect(databases.map { $0["name"]?.stringValue } == ["rooms", "accounts", "transitory"])
            for database in databases {
                #expect(database["server_name"] == "example.org")
                #expect(database["healthy"] == true)
                for map in maps(database) {
                    for figure in ["keys", "disk_bytes", "memtable_bytes", "table_reader_bytes", "cache_hits", "cache_misses"] {
                        #expect(map[figure]?.integerValue != nil)
                    }
                }
            }
            let accountData = try #require(maps(databases[1]).first { $0["name"] == "roomusertype_roomuserdataid" })
            #expect(accountData["keys"] == 3)
            #expect((databases[1]["position"]?.integerValue ?? 0) > 0)
        }
        try stopped { inspection throws in
            let statistics = try inspection.statistics()
            #expect(statistics["running"] == false)
            let databases = try #require(statistics["databases"]?.arrayValue)
            #expect(databases.map { maps($0).compactMap { $0["name"]?.stringValue } } == names)
            #expect(databases.allSatisfy { $0["healthy"] == nil && maps($0).allSatisfy { $0["cache_hits"] == nil } })
        }
    }

    @Test func whyAFollowerFailsIsTold() async throws {
        struct GatewayIsAway: Error {}
        try await running { inspection async throws in
            let accounts = try #require(inspection.background?.dispatchers.first { $0.database == "accounts" })
            _ = try await accounts.dispatcher.add(Follower("gateway", beginning: .oldestEntry) { _ in throw GatewayIsAway() })
            func failing() throws -> JSONValue? {
                let followers = try inspection.statistics()["databases"]?.arrayValue?[1]["followers"]?.arrayValue ?? []
                return followers.first { $0["name"] == "gateway" && $0["error"] != nil }
            }
            var found = try failing()
            while found == nil {
                try await SystemClock().sleep(milliseconds: 5)
                found = try failing()
            }
            #expect(found?["error"] == "GatewayIsAway()")
            #expect((found?["failures"]?.integerValue ?? 0) > 0)
            let statistics = try inspection.statistics()
            #expect(statistics["databases"]?.arrayValue?[1]["intents"] == [])
        }
    }

    @Test func cacheHitsAreCountedForTheMapThatWasRead() async throws {
        try await running { inspection async throws in
            _ = try inspection.compact(map: "roomusertype_roomuserdataid", database: nil)
            func counts() throws -> (hits: Int64, misses: Int64) {
                let maps = try inspection.statistics()["databases"]?.arrayValue?[1]["maps"]?.arrayValue ?? []
                let map = maps.first { $0["name"] == "roomusertype_roomuserdataid" }
                return (try #require(map?["cache_hits"]?.integerValue), try #require(map?["cache_misses"]?.integerValue))
            }
            let key = #"["@alice:example.org",null,"org.example.a"]"#
            _ = try inspection.get(map: "roomusertype_roomuserdataid", key: key, database: nil)
            let first = try counts()
            #expect(first.hits + first.misses > 0)
            _ = try inspection.get(map: "roomusertype_roomuserdataid", key: key, database: nil)
            let second = try counts()
            #expect(second.hits > first.hits)
            #expect(second.misses == first.misses)
        }
    }

    @Test func compactingPutsAMapsEntriesIntoTables() async throws {
        func size(_ answer: JSONObject) -> Int64 { answer["maps"]?.arrayValue?.first?["disk_bytes"]?.integerValue ?? 0 }
        try await running { inspection async throws in
            let answer = try inspection.compact(map: "roomusertype_roomuserdataid", database: nil)
            #expect(answer["maps"]?.arrayValue?.count == 1)
            #expect(size(answer) > 0)
            try checkReading(inspection)
        }
        let lock = try DataDirectory(existing: dataDirectory)
        let answer = try StoreInspection.open(lock, blockCacheBytes: 1 << 20, environment: .system()) {
            try $0.compact(map: nil, database: nil)
        }
        #expect(answer["maps"]?.arrayValue?.count == Databases.schemas.reduce(0) { $0 + $1.maps.count })
        withExtendedLifetime(lock) {}
    }

    @Test func aStoppedServersDatabasesAreOnlyRead() async throws {
        try await running { _ in }
        try stopped { inspection throws in
            let error = try #require(throws: StoreError.self) { try inspection.compact(map: "global", database: "rooms") }
            #expect("\(error)" == "the database can't write now: it is open for nothing but reading")
        }
    }
}
