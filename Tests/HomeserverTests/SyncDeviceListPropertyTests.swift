import MatrixProtocol
import Store
import TestSupport
import Testing

@testable import Homeserver

/// People come to rooms and go, and change their devices, while clients sync now and then: each client knows at every sync exactly those who
/// share a room with it, and the devices that they have.
@Suite struct SyncDeviceListPropertyTests {
    /// What a client has learned: the devices' names, by their users.
    private struct Client {
        let requester: Requester
        var token: SyncToken
        var known: [UserID: String] = [:]
    }

    private static let roomCount = 3
    private static let stepCount = 150

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func clientsKnowWhoTheyShareRoomsWith(_ seed: UInt64) async throws {
        try await SyncServer.run { server in
            var generator = SplitMix64(seed: seed)
            let people = [server.alice, server.bob, server.carol]
            for person in people { try await server.enter(person) }
            var rooms: [RoomID: Set<UserID>] = [:]
            for _ in 0..<Self.roomCount { rooms[try await server.room(.publicChat)] = [server.alice.userID] }
            let roomIDs = rooms.keys.sorted()
            var names: [UserID: String] = [:]
            for person in people { names[person.userID] = "" }

            func sharing(_ user: UserID) -> Set<UserID> {
                rooms.values.filter { $0.contains(user) }.reduce(into: [user]) { $0.formUnion($1) }
            }
            var clients: [Client] = []
            for person in people {
                var client = Client(requester: person, token: try await server.sync(by: person).next)
                for user in sharing(person.userID) { client.known[user] = names[user] }
                clients.append(client)
            }
            for step in 0..<Self.stepCount {
                let person = try #require(people.randomElement(using: &generator))
                let room = try #require(roomIDs.randomElement(using: &generator))
                switch Int.random(in: 0..<10, using: &generator) {
                case 0..<3:
                    try await server.homeserver.rooms.join(room, content: [:], by: person)
                    rooms[room]?.insert(person.userID)
                case 3..<6 where rooms[room]?.contains(person.userID) == true && rooms[room]?.count != 1:
                    try await server.homeserver.rooms.leave(room, reason: nil, by: person)
                    rooms[room]?.remove(person.userID)
                case 6:
                    names[person.userID] = "name \(step)"
                    try await server.homeserver.accounts.rename(person.deviceID ?? "", to: "name \(step)", for: person)
                default:
                    let index = Int.random(in: clients.indices, using: &generator)
                    let user = clients[index].requester
                    let (answer, next) = try await server.sync(since: clients[index].token, by: user)
                    clients[index].token = next
                    for changed in answer["device_lists", "changed"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
                        clients[index].known[UserID(trusted: changed)] = names[UserID(trusted: changed)]
                    }
                    for left in answer["device_lists", "left"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
                        let wasKnown = clients[index].known.removeValue(forKey: UserID(trusted: left)) != nil
                        #expect(wasKnown, "seed \(seed), step \(step): \(left) has left \(user.userID), who never knew")
                    }
                    let expected = sharing(user.userID).reduce(into: [UserID: String]()) { $0[$1] = names[$1] }
                    #expect(clients[index].known == expected, "seed \(seed), step \(step): \(user.userID)")
                }
            }
        }
    }
}
