import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Server-side key backups".
@Suite struct KeyBackupTests {
    private static let algorithm = "m.megolm_backup.v1.curve25519-aes-sha2"
    private static let authData: JSONObject = ["public_key": "abcdefg", "signatures": [:]]
    private let room = RoomID(trusted: "!room:example.org")
    private let other = RoomID(trusted: "!other:example.org")

    private func key(
        index: Int64 = 1, forwarded: Int64 = 1, isVerified: Bool = false, _ data: JSONObject = ["ciphertext": "x"]
    ) -> JSONObject {
        [
            "first_message_index": .integer(index), "forwarded_count": .integer(forwarded), "is_verified": .bool(isVerified),
            "session_data": .object(data),
        ]
    }

    /// A user with a backup.
    private func backup(_ fixture: AccountsFixture) async throws -> (alice: Requester, version: String) {
        let alice = try fixture.requester(try await fixture.user("alice"))
        return (alice, try await fixture.backups.create(algorithm: Self.algorithm, authData: Self.authData, for: alice))
    }

    @Test func versionsAreMadeDescribedChangedAndDeleted() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let backups = fixture.backups
        await expect(.notFound, 404) { try backups.describe(nil, for: alice) }
        let first = try await backups.create(algorithm: Self.algorithm, authData: Self.authData, for: alice)
        let second = try await backups.create(algorithm: Self.algorithm, authData: ["public_key": "second"], for: alice)
        #expect(first != second)
        #expect(
            try backups.describe(first, for: alice) == [
                "algorithm": .string(Self.algorithm), "auth_data": .object(Self.authData), "count": 0, "etag": "0",
                "version": .string(first),
            ])
        #expect(try backups.describe(nil, for: alice)["version"] == .string(second))

        func update(_ version: String, _ algorithm: String = Self.algorithm, bodyVersion: String? = nil) async throws {
            try await backups.update(
                version, bodyVersion: bodyVersion, algorithm: algorithm, authData: ["public_key": "changed"], for: alice)
        }
        try await update(first)
        try await update(first, bodyVersion: first)
        #expect(try backups.describe(first, for: alice)["auth_data"] == ["public_key": "changed"])
        await expect(.invalidParameter, 400) { try await update(first, bodyVersion: second) }
        await expect(.invalidParameter, 400) { try await update(first, "other") }
        for unknown in ["99", "01", "+1", "x", ""] {
            await expect(.notFound, 404) { try await update(unknown) }
            await expect(.notFound, 404) { try backups.describe(unknown, for: alice) }
            await expect(.notFound, 404) { try await backups.delete(unknown, for: alice) }
        }

        for _ in 0..<2 { try await backups.delete(second, for: alice) }
        #expect(try backups.describe(nil, for: alice)["version"] == .string(first))
        await expect(.notFound, 404) { try backups.describe(second, for: alice) }
        await expect(.notFound, 404) { try await update(second) }
        try await backups.delete(first, for: alice)
        await expect(.notFound, 404) { try backups.describe(nil, for: alice) }
        let third = try await backups.create(algorithm: Self.algorithm, authData: Self.authData, for: alice)
        #expect(![first, second].contains(third))
        let bob = try fixture.requester(try await fixture.user("bob"))
        await expect(.notFound, 404) { try backups.describe(third, for: bob) }
    }

    @Test func keysAreCountedAndEachChangeIsSeen() async throws {
        let fixture = try AccountsFixture()
        let (alice, version) = try await backup(fixture)
        let backups = fixture.backups
        let all: JSONObject = [
            "rooms": .object([
                room.string: ["sessions": ["a": .object(key()), "b": .object(key())]],
                other.string: ["sessions": ["c": .object(key())]],
            ])
        ]
        let added = try await backups.add(KeyBackupUpload(rooms: all), to: version, for: alice)
        #expect(added["count"] == 3)
        // The same again changes nothing.
        #expect(try await backups.add(KeyBackupUpload(rooms: all), to: version, for: alice) == added)
        let more = try await backups.add(KeyBackupUpload(of: "d", in: room, key()), to: version, for: alice)
        #expect(more["count"] == 4 && more["etag"] != added["etag"])
        let description = try backups.describe(version, for: alice)
        #expect(description["count"] == 4 && description["etag"] == more["etag"])

        func rooms() throws -> [String: Set<String>] {
            var pieces = try backups.keys(in: nil, version: version, for: alice)
            let json = try #require(try JSONValue(parsing: pieces.next() ?? [])["rooms"]?.objectValue)
            return json.reduce(into: [:]) { $0[$1.key] = Set($1.value["sessions"]?.objectValue?.keys ?? []) }
        }
        #expect(try rooms() == [room.string: ["a", "b", "d"], other.string: ["c"]])
        #expect(try backups.key(of: "a", in: room, version: version, for: alice).json() == .object(key()))
        #expect(try await backups.delete(in: room, session: "a", version: version, for: alice)["count"] == 3)
        let same = try await backups.delete(in: room, session: "a", version: version, for: alice)
        #expect(try await backups.delete(in: room, session: "a", version: version, for: alice) == same)
        #expect(try await backups.delete(in: room, version: version, for: alice)["count"] == 1)
        #expect(try rooms() == [other.string: ["c"]])
        #expect(try await backups.delete(version: version, for: alice)["count"] == 0)
        #expect(try rooms() == [:])
        var ofRoom = try backups.keys(in: room, version: version, for: alice)
        #expect(try ofRoom.next()?.json() == ["sessions": [:]])
        await expect(.notFound, 404) { try backups.key(of: "a", in: room, version: version, for: alice) }
    }

    @Test func ofTwoKeysTheBetterOneIsKept() async throws {
        let fixture = try AccountsFixture()
        let (alice, version) = try await backup(fixture)
        func kept(_ keys: JSONObject...) async throws -> JSONValue {
            for key in keys {
                _ = try await fixture.backups.add(KeyBackupUpload(of: "s", in: room, key), to: version, for: alice)
            }
            let json = try fixture.backups.key(of: "s", in: room, version: version, for: alice).json()
            _ = try await fixture.backups.delete(in: room, version: version, for: alice)
            return json
        }
        let verified = key(index: 9, forwarded: 9, isVerified: true)
        let early = key(index: 0, forwarded: 9)
        let direct = key(index: 1, forwarded: 0)
        let plain = key()
        for (better, worse) in [(verified, early), (verified, direct), (early, plain), (early, direct), (direct, plain)] {
            #expect(try await kept(better, worse) == .object(better))
            #expect(try await kept(worse, better) == .object(better))
        }
        let equal = key(["ciphertext": "y"])
        #expect(try await kept(plain, equal) == .object(plain))
    }

    @Test func onlyTheCurrentVersionTakesKeys() async throws {
        let fixture = try AccountsFixture()
        let (alice, old) = try await backup(fixture)
        _ = try await fixture.backups.add(KeyBackupUpload(of: "a", in: room, key()), to: old, for: alice)
        let current = try await fixture.backups.create(algorithm: Self.algorithm, authData: Self.authData, for: alice)
        do {
            _ = try await fixture.backups.add(KeyBackupUpload(of: "b", in: room, key()), to: old, for: alice)
            Issue.record("an old version took a key")
        } catch let error as MatrixError {
            #expect(error.code == .wrongRoomKeysVersion && error.status == 403)
            #expect(error.extra["current_version"] == .string(current))
        }
        #expect(try fixture.backups.describe(old, for: alice)["count"] == 1)
        #expect(try fixture.backups.describe(current, for: alice)["count"] == 0)
        await expect(.notFound, 404) {
            try await fixture.backups.add(KeyBackupUpload(of: "b", in: room, key()), to: "99", for: alice)
        }
        await expect(.notFound, 404) { try await fixture.backups.delete(version: "99", for: alice) }
        await expect(.notFound, 404) { try fixture.backups.keys(in: nil, version: "99", for: alice) }
        await expect(.notFound, 404) { try fixture.backups.key(of: "a", in: room, version: current, for: alice) }
    }

    @Test func aLargeBackupIsAnsweredInPieces() async throws {
        let fixture = try AccountsFixture()
        let (alice, version) = try await backup(fixture)
        var rooms: JSONObject = [:]
        for number in 0..<40 {
            let sessions = (0..<30).reduce(into: JSONObject()) { $0["s\($1)"] = .object(key(["n": .integer(Int64($1))])) }
            rooms["!r\(number):example.org"] = ["sessions": .object(sessions)]
        }
        let added = try await fixture.backups.add(KeyBackupUpload(rooms: ["rooms": .object(rooms)]), to: version, for: alice)
        #expect(added["count"] == 1200)
        var pieces = try fixture.backups.keys(in: nil, version: version, for: alice)
        var bytes: [UInt8] = []
        var count = 0
        while let piece = try pieces.next() {
            bytes += piece
            count += 1
        }
        #expect(count > 1)
        #expect(try bytes.json() == ["rooms": .object(rooms)])
    }

    @Test(
        arguments: [
            (["is_verified": nil], .missingParameter), (["session_data": nil], .missingParameter),
            (["first_message_index": "x"], .badJSON), (["forwarded_count": 0.5], .badJSON), (["is_verified": 1], .badJSON),
            (["session_data": []], .badJSON),
        ] as [([String: JSONValue?], MatrixError.Code)])
    func wrongKeysAreRefused(_ changes: [String: JSONValue?], _ code: MatrixError.Code) async throws {
        var wrong = key()
        for (name, value) in changes { wrong[name] = value }
        await expect(code, 400) { try KeyBackupUpload(of: "s", in: room, wrong) }
        await expect(code, 400) { try KeyBackupUpload(rooms: ["rooms": .object([room.string: ["sessions": ["s": .object(wrong)]]])]) }
    }

    @Test func wrongAndLargeUploadsAreRefused() async throws {
        await expect(.missingParameter, 400) { try KeyBackupUpload(rooms: [:]) }
        await expect(.badJSON, 400) { try KeyBackupUpload(rooms: ["rooms": []]) }
        await expect(.badJSON, 400) { try KeyBackupUpload(rooms: ["rooms": .object([room.string: []])]) }
        await expect(.invalidParameter, 400) { try KeyBackupUpload(rooms: ["rooms": ["room": ["sessions": [:]]]]) }
        await expect(.missingParameter, 400) { try KeyBackupUpload(of: room, [:]) }
        await expect(.badJSON, 400) { try KeyBackupUpload(of: room, ["sessions": []]) }
        await expect(.badJSON, 400) { try KeyBackupUpload(of: room, ["sessions": ["s": 1]]) }
        await expect(.invalidParameter, 400) { try KeyBackupUpload(of: String(repeating: "s", count: 256), in: room, key()) }
        let large: JSONObject = ["x": .string(String(repeating: "x", count: EncryptionLimits.backedUpKeySizeMaxBytes))]
        await expect(.tooLarge, 413) { try KeyBackupUpload(of: "s", in: room, key(large)) }
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        await expect(.tooLarge, 413) { try await fixture.backups.create(algorithm: Self.algorithm, authData: large, for: alice) }
    }
}
