import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What users do in rooms and read of them.
///
/// The endpoints' subjects are in the extensions: creation, membership, sending, state, messages. Answers are JSON, spliced from
/// what is stored.
package final class Rooms: Sendable {
    let database: RoomsDatabase
    /// What users want, and what they are.
    let accounts: AccountsDatabase
    let serverName: ServerName
    let signingKey: SigningKey
    let environment: Environment
    let intents: Intents
    let jobs: Jobs
    let defaultVersion: RoomVersion
    /// Who sends the server's notices; nil where there are none.
    let noticesUser: UserID?
    /// How often a user sends events; nil sets no limit.
    private let messageLimit: RateLimit<UserID>?
    /// How often a user sends events that stick to one room; nil sets no limit.
    private let stickyLimit: RateLimit<StickySender>?

    private struct StickySender: Hashable {
        let user: UserID
        let room: RoomID
    }

    /// - Parameters:
    ///   - intents: those of the database of rooms, `succeedRoomIntent` among them.
    ///   - jobs: those of the database of rooms, `showProfileJob` and `removeGuestsJob` among them.
    ///   - defaultVersion: the version of new rooms for which nobody asks for another one.
    ///   - noticesUser: who sends the server's notices; nil where there are none.
    ///   - messageRate: how often a user sends events; nil sets no limit.
    ///   - stickyRate: how often a user sends events that stick to one room; nil sets no limit.
    package init(
        database: RoomsDatabase, accounts: AccountsDatabase, intents: Intents, jobs: Jobs, serverName: ServerName, signingKey: SigningKey,
        environment: Environment, defaultVersion: RoomVersion, noticesUser: UserID? = nil, messageRate: RateLimits.Rate? = nil,
        stickyRate: RateLimits.Rate? = nil
    ) {
        self.database = database
        self.accounts = accounts
        self.intents = intents
        self.jobs = jobs
        self.serverName = serverName
        self.signingKey = signingKey
        self.environment = environment
        self.defaultVersion = defaultVersion
        self.noticesUser = noticesUser
        messageLimit = messageRate.map { RateLimit($0, clock: environment.clock) }
        stickyLimit = stickyRate.map { RateLimit($0, clock: environment.clock) }
    }

    /// Counts an event that the requester sends.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED`.
    func countMessage(by requester: Requester) throws(MatrixError) {
        try messageLimit?.use(by: requester.userID)
    }

    /// Counts an event of the requester's that sticks to the room, if it does.
    ///
    /// - Throws: `M_LIMIT_EXCEEDED`.
    func countSticky(_ stickiness: Stickiness?, in room: RoomID, by requester: Requester) throws(MatrixError) {
        if stickiness != nil { try stickyLimit?.use(by: StickySender(user: requester.userID, room: room)) }
    }

    /// The room, as somebody sees who must be or have been in it.
    ///
    /// - Throws: `M_FORBIDDEN`, which doesn't tell a room that isn't here from one that the user is not in.
    func room(_ id: RoomID) throws -> Room {
        guard let room = try database.room(id) else { throw Self.notInRoom }
        return room
    }

    /// Checks that the requester is in a room, or has ever had to do with it.
    ///
    /// - Throws: `M_FORBIDDEN`.
    package func checkStanding(of requester: Requester, in id: RoomID) throws {
        let room = try room(id)
        if try database.view().standing(of: requester.userID, in: room.shortID) == .stranger { throw Self.notInRoom }
    }

    static let notInRoom = MatrixError(.forbidden, "You are not in this room")

    static func unknownRoom(_ id: RoomID) -> MatrixError {
        MatrixError(.notFound, "The room \(id) is not known to this server")
    }

    /// The rooms that the user is joined to (`GET /joined_rooms`).
    package func joinedRooms(of requester: Requester) throws -> [RoomID] {
        let view = database.view()
        return try view.joinedRooms(of: requester.userID).map { try view.roomID(of: $0.room) }
    }

    /// Writes events for the requester, at a state of the database.
    ///
    /// - Parameters:
    ///   - memberships: the requester's membership at each event, where it is told.
    ///   - sight: what the requester sees of the room's history, where the events are a part of it.
    func clientEvents(
        _ view: RoomsView, for requester: Requester, bundlesAggregations: Bool = false, memberships: [ShortEventID: Membership] = [:],
        sight: HistorySight? = nil
    ) throws -> ClientEvents {
        ClientEvents(
            view: view, requester: requester, now: environment.clock.now(), bundlesAggregations: bundlesAggregations,
            ignored: bundlesAggregations ? try ignoredUsers(of: requester) : .none, memberships: memberships, sight: sight)
    }

    /// What the requester sees of a room's history.
    func sight(of room: ShortRoomID, by requester: Requester, in view: RoomsView) throws -> HistorySight {
        try HistorySight(of: room, by: requester.userID, in: view, ignoring: ignoredUsers(of: requester))
    }

    /// Whose events the requester doesn't want to see.
    private func ignoredUsers(of requester: Requester) throws -> IgnoredUsers {
        try accounts.view().ignoredUsers(of: requester.userID)
    }

    /// Checks that a user's account is in use, before something is done for the user that was asked for earlier.
    ///
    /// - Throws: `M_USER_DEACTIVATED`, `M_USER_LOCKED`, `M_USER_SUSPENDED`.
    func checkMayAct(_ user: UserID) throws {
        guard let flags = try accounts.view().account(of: user)?.flags else { return }
        if flags.contains(.deactivated) { throw Accounts.deactivated }
        if flags.contains(.locked) { throw MatrixError.userLocked }
        if flags.contains(.suspended) { throw MatrixError.userSuspended }
    }

    /// Runs a commit whose refusals become the errors that clients know.
    func commit<Result: Sendable>(_ body: @escaping @Sendable (RoomsCommit) throws -> Result) async throws -> Result {
        do {
            return try await database.commit(.synced, body)
        } catch {
            throw MatrixError(refusal: error) ?? error
        }
    }
}
