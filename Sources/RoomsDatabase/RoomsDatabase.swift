import Crypto
import MatrixProtocol
import RocksDB
import Store
import StoredIdentifiers
import Synchronization

/// The database of rooms: events, state, memberships, aliases, profiles.
package final class RoomsDatabase: Sendable {
    /// The server whose data this is.
    package let serverName: ServerName
    package let database: Database
    let stateSecret: SymmetricKey
    /// Rooms never change in what `Room` holds, so they can be remembered once they are published.
    private let knownRooms = Mutex<[RoomID: Room]>([:])
    let localMembers = LocalMembers()
    let authEvents = EventCache()

    /// The most rooms that are remembered at a time.
    private static let knownRoomsMax = 4096

    /// Opens the database in `directory`, which is made if it isn't there.
    ///
    /// - Parameter isPrepared: whether `DatabasePreparation` has just seen to the directory.
    /// - Throws: `StoreError` when what is there doesn't fit the schema or belongs to another server.
    package init(
        directory: String, serverName: ServerName, blockCache: BlockCache, environment: Environment, notifier: Notifier,
        isPrepared: Bool = false
    ) async throws {
        self.serverName = serverName
        let database = try Database(
            schema: RoomsMaps.schema, directory: directory, serverName: serverName.string, blockCache: blockCache,
            environment: environment, notifier: notifier, isPrepared: isPrepared)
        self.database = database
        stateSecret = SymmetricKey(
            data: try await database.commit { commit in
                if let secret = try commit.get(CommonMaps.global, RoomsGlobalKey.stateSecret) { return secret }
                let secret = environment.random.bytes(32)
                commit.put(CommonMaps.global, RoomsGlobalKey.stateSecret, secret)
                return secret
            })
        database.onReopening { [localMembers, authEvents] in
            localMembers.forgetAll()
            authEvents.forgetAll()
        }
        // The database holds the notifier, so the notifier must not hold the database.
        notifier.expand(.room) { [localMembers, weak database] scope in
            database.map { localMembers.scopes(of: scope, in: $0.snapshot(), on: serverName) } ?? []
        }
        for kind in [Scope.Kind.deviceList, .presence] {
            notifier.expand(kind) { [localMembers, weak database] scope in
                database.map { localMembers.scopes(sharingRoomsWith: scope, in: $0.snapshot(), on: serverName) } ?? []
            }
        }
    }

    /// Has `action` called when one of our users is no longer in a room, as that is published. It must be quick.
    package func onLeave(_ action: @escaping @Sendable (UserID, ShortRoomID) -> Void) {
        localMembers.onLeave(action)
    }

    /// Whether the scope is a room that one of our users is joined to.
    package func isJoined(_ user: UserID, to scope: Scope) -> Bool {
        localMembers.scopes(of: scope, in: snapshot(), on: serverName).contains(.user(user))
    }

    /// The database for whoever looks into it.
    package var inspected: InspectedDatabase { InspectedDatabase(database) }

    /// The newest published state.
    package func snapshot() -> PublishedSnapshot {
        database.snapshot()
    }

    /// The newest published state, as rooms are read.
    package func view() -> RoomsView {
        RoomsView(database.snapshot())
    }

    /// A room's own facts, or nil when it isn't here.
    package func room(_ id: RoomID) throws -> Room? {
        if let room = knownRooms.withLock({ $0[id] }) { return room }
        guard let room = try view().room(id) else { return nil }
        knownRooms.withLock { rooms in
            if rooms.count >= Self.knownRoomsMax { rooms.removeAll() }
            rooms[id] = room
        }
        return room
    }

    /// Forgets what is remembered of a room.
    func forget(_ id: RoomID) {
        knownRooms.withLock { $0[id] = nil }
    }

    /// Runs `body` as one commit; see `Database.commit`.
    package func commit<Result: Sendable>(
        _ durability: Durability = .synced, _ body: @escaping @Sendable (RoomsCommit) throws -> Result
    ) async throws -> Result {
        try await database.commit(durability) { [asRoomsCommit] commit in try body(asRoomsCommit(commit)) }
    }

    /// Makes a commit one of rooms.
    var asRoomsCommit: @Sendable (Commit) -> RoomsCommit {
        { [serverName, stateSecret, localMembers, authEvents] commit in
            RoomsCommit(commit, serverName: serverName, stateSecret: stateSecret, localMembers: localMembers, authEvents: authEvents)
        }
    }

    /// Whether the database can write.
    package var health: DatabaseHealth { database.health }

    /// Finishes what was handed over and ends; nothing may be committed any more.
    package func close() {
        database.close()
    }
}
