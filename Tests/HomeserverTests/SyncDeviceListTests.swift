import CanonicalJSON
import MatrixProtocol
import Store
import Testing

@testable import Homeserver

/// "Extensions to /sync" of end-to-end encryption, and `/keys/changes`.
@Suite struct SyncDeviceListTests {
    /// Makes accounts with a device each that has keys.
    private func enter(_ users: Requester..., to server: SyncServer) async throws {
        for user in users {
            try await server.enter(user)
            try await changeKeys(of: user, on: server)
        }
    }

    private func changeKeys(of user: Requester, _ algorithm: String = "a", on server: SyncServer) async throws {
        var device = try TestKeys(user.userID).device(user.deviceID ?? "")
        device["algorithms"] = [.string(algorithm)]
        _ = try await server.homeserver.encryption.uploadKeys(["device_keys": .object(device)], for: user)
    }

    /// Expects what a sync, and `/keys/changes`, tell of device lists.
    private func expectLists(
        _ changed: [Requester], left: [Requester] = [], since: SyncToken, by user: Requester? = nil, on server: SyncServer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await server.sync(since: since, by: user).answer
        func users(_ requesters: [Requester]) -> [JSONValue] { requesters.map(\.userID).sorted().map { .string($0.string) } }
        let lists: JSONObject = ["changed": .array(users(changed)), "left": .array(users(left))]
        let expected: JSONValue? = changed.isEmpty && left.isEmpty ? nil : .object(lists)
        #expect(answer["device_lists"] == expected, sourceLocation: sourceLocation)
        let changes = try server.homeserver.sync.deviceListChanges(since: since, for: user ?? server.bob)
        #expect(changes == lists, sourceLocation: sourceLocation)
    }

    @Test func changesAreToldToThoseWhoShareARoom() async throws {
        try await SyncServer.run { server in
            try await enter(server.alice, server.bob, server.carol, to: server)
            _ = try await server.room(.publicChat, with: server.bob)
            let (initial, since) = try await server.sync()
            #expect(initial["device_lists"] == nil)
            try await expectLists([], since: since, on: server)
            try await changeKeys(of: server.carol, "b", on: server)
            try await expectLists([], since: since, on: server)
            try await changeKeys(of: server.alice, "b", on: server)
            try await expectLists([server.alice], since: since, on: server)
            // The same keys again are no change.
            let next = try await server.sync(since: since).next
            try await changeKeys(of: server.alice, "b", on: server)
            try await expectLists([], since: next, on: server)
            // One's own changes, too.
            try await changeKeys(of: server.bob, "b", on: server)
            try await expectLists([server.bob], since: next, on: server)
        }
    }

    @Test func loginsNamesAndLogoutsAreChanges() async throws {
        try await SyncServer.run { server in
            try await enter(server.alice, server.bob, to: server)
            _ = try await server.room(.publicChat, with: server.bob)
            let accounts = server.homeserver.accounts
            let phone = Requester(userID: server.alice.userID, deviceID: "PHONE")
            let changes: [@Sendable () async throws -> Void] = [
                { try await accounts.rename("ALICE", to: "Kitchen", for: server.alice) },
                {
                    try await server.logIn(phone)
                },
                { try await accounts.database.remove(["PHONE"], of: phone.userID, ending: nil) },
                {
                    try await server.homeserver.encryption.uploadCrossSigningKeys(
                        TestKeys(server.alice.userID).upload(), for: server.alice, auth: nil)
                },
            ]
            for change in changes {
                let since = try await server.sync().next
                try await change()
                try await expectLists([server.alice], since: since, on: server)
            }
        }
    }

    @Test func joinsAndLeavesAreToldInBothDirections() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            try await enter(server.alice, server.bob, server.carol, to: server)
            let room = try await server.room(.publicChat, with: server.carol)
            var bobs = try await server.sync().next
            var alices = try await server.sync(by: server.alice).next

            try await rooms.join(room, content: [:], by: server.bob)
            try await expectLists([server.alice, server.bob, server.carol], since: bobs, on: server)
            try await expectLists([server.bob], since: alices, by: server.alice, on: server)
            bobs = try await server.sync().next
            alices = try await server.sync(by: server.alice).next

            // A new name is no change.
            try await server.homeserver.profiles.set("displayname", to: "Carol", of: server.carol.userID, by: server.carol)
            try await expectLists([], since: bobs, on: server)

            try await rooms.leave(room, reason: nil, by: server.bob)
            try await expectLists([], left: [server.alice, server.carol], since: bobs, on: server)
            try await expectLists([], left: [server.bob], since: alices, by: server.alice, on: server)
            // Who isn't in a room any more isn't told.
            let gone = try await server.sync().next
            try await changeKeys(of: server.alice, "b", on: server)
            try await expectLists([], since: gone, on: server)
            // Who comes back, or in between, may have missed something.
            try await rooms.join(room, content: [:], by: server.bob)
            try await expectLists([server.alice, server.bob, server.carol], since: bobs, on: server)
            try await expectLists([server.alice, server.bob], since: alices, by: server.alice, on: server)
        }
    }

    @Test func whoSharesAnotherRoomHasNotLeft() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            try await enter(server.alice, server.bob, server.carol, to: server)
            let first = try await server.room(.publicChat, with: server.bob, server.carol)
            let second = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await rooms.leave(first, reason: nil, by: server.bob)
            try await expectLists([], left: [server.carol], since: since, on: server)
            try await rooms.kick(server.bob.userID, from: second, reason: nil, by: server.alice)
            try await expectLists([], left: [server.alice, server.carol], since: since, on: server)
        }
    }

    @Test func whoComesAndGoesBetweenTwoSyncsIsNoNews() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            try await enter(server.alice, server.bob, server.carol, to: server)
            let room = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await rooms.join(room, content: [:], by: server.carol)
            try await rooms.leave(room, reason: nil, by: server.carol)
            try await expectLists([], since: since, on: server)
            let other = try await server.room(.publicChat)
            try await rooms.join(other, content: [:], by: server.bob)
            try await rooms.leave(other, reason: nil, by: server.bob)
            try await expectLists([], since: since, on: server)
        }
    }

    @Test func aSignatureIsToldToTheSignersDevices() async throws {
        try await SyncServer.run { server in
            try await enter(server.alice, server.bob, to: server)
            let (alices, bobs) = (try TestKeys(server.alice.userID, seed: 1), try TestKeys(server.bob.userID, seed: 10))
            let encryption = server.homeserver.encryption
            try await encryption.uploadCrossSigningKeys(alices.upload(), for: server.alice, auth: nil)
            try await encryption.uploadCrossSigningKeys(bobs.upload(), for: server.bob, auth: nil)
            let (alice, bob) = (try await server.sync(by: server.alice).next, try await server.sync().next)
            let signed = try TestKeys.signed(
                alices.crossSigningKey(.master), by: server.bob.userID, TestKeys.id(of: bobs.userSigning), bobs.userSigning)
            let upload = try SignatureUpload([
                server.alice.userID.string: .object([alices.master.verifyKey.base64: .object(signed)])
            ])
            #expect(try await encryption.uploadSignatures(upload, for: server.bob) == [:])
            try await expectLists([server.alice], since: bob, on: server)
            try await expectLists([], since: alice, by: server.alice, on: server)
        }
    }

    @Test func behindTheLogsFloorNothingIsMissed() async throws {
        try await SyncServer.run { server in
            try await enter(server.alice, server.bob, server.carol, to: server)
            _ = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            try await changeKeys(of: server.alice, "b", on: server)
            for number in 0..<1000 {
                try await server.homeserver.accounts.database.setAccountData(
                    of: server.carol.userID, in: nil, type: "org.example.\(number % 10)", to: [])
            }
            try await expectLists([server.alice], since: since, on: server)
        }
    }

    @Test func everySyncCountsTheDevicesKeys() async throws {
        try await SyncServer.run { server in
            try await enter(server.bob, to: server)
            let (initial, since) = try await server.sync()
            #expect(initial["device_one_time_keys_count"] == ["signed_curve25519": 0])
            #expect(initial["device_unused_fallback_key_types"] == [])
            _ = try await server.homeserver.encryption.uploadKeys(
                [
                    "one_time_keys": .object(TestKeys.oneTimeKeys(0..<2)), "fallback_keys": ["signed_curve25519:F": ["key": "f"]],
                ], for: server.bob)
            let answer = try await server.sync(since: since).answer
            #expect(answer["device_one_time_keys_count"] == ["signed_curve25519": 2])
            #expect(answer["device_unused_fallback_key_types"] == ["signed_curve25519"])
            for _ in 0..<3 {
                let claims = try KeyClaims([server.bob.userID.string: ["BOB": "signed_curve25519"]])
                _ = try await server.homeserver.encryption.claimKeys(claims)
            }
            let later = try await server.sync(since: since).answer
            #expect(later["device_one_time_keys_count"] == ["signed_curve25519": 0])
            #expect(later["device_unused_fallback_key_types"] == [])
        }
    }

    @Test func aChangeWakesThoseWhoShareARoom() async throws {
        try await SyncServer.run { server in
            try await enter(server.alice, server.bob, to: server)
            _ = try await server.room(.publicChat, with: server.bob)
            let since = try await server.sync().next
            async let answer = server.homeserver.sync.sync(
                SyncRequest(since: since, timeoutMilliseconds: 60_000, filter: .everything), for: server.bob)
            try await changeKeys(of: server.alice, "b", on: server)
            #expect(try await answer.json()["device_lists", "changed"] == [.string(server.alice.userID.string)])
        }
    }
}
