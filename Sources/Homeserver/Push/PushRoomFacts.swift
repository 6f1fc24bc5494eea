import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What push rules ask of a room as it is now, each looked up when it is asked for the first time.
final class PushRoomFacts: PushRoom {
    private let view: RoomsView
    private let room: ShortRoomID
    private let id: RoomID
    private let user: UserID
    private var knownCount: Int?
    private var knownSubscriber: Bool?
    private var knownName: String??
    private var knownLevels: PowerLevels??

    init(of room: ShortRoomID, _ id: RoomID, for user: UserID, in view: RoomsView) {
        self.view = view
        self.room = room
        self.id = id
        self.user = user
    }

    func memberCount() throws -> Int {
        if let knownCount { return knownCount }
        let count = try view.joinedCount(of: room)
        knownCount = count
        return count
    }

    func displayName() throws -> String? {
        if let knownName { return knownName }
        let name = try displayName(of: user)
        knownName = .some(name)
        return name
    }

    /// The name that a user has in the room.
    func displayName(of user: UserID) throws -> String? { try string("displayname", of: .member(user)) }

    func canNotify(_ sender: UserID, _ kind: String) throws -> Bool {
        guard let levels = try powerLevels() else { return false }
        return levels.user(sender, has: levels.levelToNotify(kind))
    }

    func isSubscribed(to thread: EventID) throws -> Bool? {
        guard try subscribesToThreads() else { return nil }
        guard let root = try view.shortID(of: thread),
            let subscription = try view.threadSubscription(of: user, to: root, in: room)
        else { return false }
        return subscription.state != .unsubscribed
    }

    /// Whether the user has ever decided whether to follow a thread.
    private func subscribesToThreads() throws -> Bool {
        if let knownSubscriber { return knownSubscriber }
        let subscribes = try view.hasThreadSubscriptions(of: user)
        knownSubscriber = subscribes
        return subscribes
    }

    /// What a member of the content of one of the room's state events says, where that is a string.
    func string(_ member: String, of key: StateKey) throws -> String? {
        try view.currentEvent(key, in: room)?.contentMember(member)?.stringValue
    }

    private func powerLevels() throws -> PowerLevels? {
        if let knownLevels { return knownLevels }
        let room = try view.room(id)
        let levels = try room.map {
            PowerLevels(content: try view.currentEvent(.powerLevels, in: $0.shortID)?.content(), create: $0.create, version: $0.version)
        }
        knownLevels = .some(levels)
        return levels
    }
}
