import NIOCore

extension Sync {
    /// How many accounts, besides those that sync, create the rooms and send to them; so many do it at once.
    private static let ownersMax = 8

    /// Makes the accounts that will sync, and the rooms that they are in. Nobody syncs.
    func prepare(_ side: Side) async throws -> SyncState.PreparedSide {
        let syncing = try await side.makeAccounts(accounts, purpose: "sync")
        let owners = try await side.makeAccounts(min(Self.ownersMax, rooms), purpose: "owner")
        progress("\(side.name): creating \(rooms) rooms with \(accounts) more members and \(events) messages each")
        let content = ByteBuffer.textMessage(length: 64)
        let prepared = try await concurrently(rooms, width: owners.count) { number in
            let owner = owners[number % owners.count]
            let room = try await owner.createRoom(version: options.requestedRoomVersion)
            for account in syncing {
                try await account.join(room)
            }
            for message in 0..<events {
                _ = try await owner.send(content, to: room, transactionID: "prepare-\(number)-\(message)")
            }
            if (number + 1).isMultiple(of: 50) {
                progress("\(side.name): \(number + 1) of \(rooms) rooms")
            }
            return SyncState.Room(roomID: room.id, owner: owner.user)
        }
        return SyncState.PreparedSide(name: side.name, baseURL: side.baseURL, accounts: syncing.map(\.user), rooms: prepared)
    }
}

extension Account {
    fileprivate var user: SyncState.User { SyncState.User(userID: userID, accessToken: accessToken) }
}
