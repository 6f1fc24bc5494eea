package import CanonicalJSON

/// Who may do what in a room: what its `m.room.power_levels` event says, or the defaults, and who created it
/// (client-server API, "m.room.power_levels").
///
/// A class, since the rules hand it on for every event; it never changes.
package final class PowerLevels: Sendable {
    /// The creators' powers come from the create event where the version wants that.
    private enum Creators {
        /// They have infinite power.
        case privileged([UserID])
        /// The only one has power while there is no power levels event.
        case usual(String?)
    }

    /// The level of the creator while nobody has sent an `m.room.power_levels` event.
    private static let creatorLevelWithoutEvent: Int64 = 100

    private let creators: Creators
    private let form: PowerLevelForm
    /// The content of the power levels event, if there is one.
    let content: JSONObject?
    private let users: JSONObject
    private let events: JSONObject

    /// - Parameters:
    ///   - event: the room's `m.room.power_levels` event, if it has one.
    ///   - create: the room's create event.
    package convenience init(_ event: Event?, create: Event, version: RoomVersion) {
        self.init(content: event?.powerLevelsContent, create: create, version: version)
    }

    /// The same for the content of a power levels event that is about to be sent.
    package init(content: JSONObject?, create: Event, version: RoomVersion) {
        self.content = content
        form = version.powerLevelForm
        users = content?["users"]?.objectValue ?? [:]
        events = content?["events"]?.objectValue ?? [:]
        if version.creatorsArePrivileged {
            creators = .privileged([create.sender] + create.createContent.additionalCreators)
        } else {
            creators = .usual(create.createContent.creator(of: create, version: version))
        }
    }

    /// The power of a user.
    package func level(of user: UserID) -> PowerLevel {
        switch creators {
        case .privileged(let creators) where creators.contains(user): return .infinite
        case .usual(let creator?) where content == nil && UTF8Bytes.equal(creator, user.string):
            return .level(Self.creatorLevelWithoutEvent)
        default: return .level(users[user.string]?.powerLevel(form) ?? usersDefault)
        }
    }

    /// The level needed to send an event of that type: a state event, or a message event. Membership events go by other levels.
    package func levelToSend(_ type: String, isState: Bool) -> Int64 {
        events[type]?.powerLevel(form) ?? (isState ? stateDefault : eventsDefault)
    }

    /// The level of users who are not listed.
    package var usersDefault: Int64 { level("users_default", default: 0) }
    /// The level needed for state events whose type is not listed.
    package var stateDefault: Int64 { level("state_default", default: 50) }
    /// The level needed for message events whose type is not listed.
    package var eventsDefault: Int64 { level("events_default", default: 0) }
    /// The *invite level*.
    package var invite: Int64 { level("invite", default: 0) }
    /// The *kick level*.
    package var kick: Int64 { level("kick", default: 50) }
    /// The *ban level*.
    package var ban: Int64 { level("ban", default: 50) }
    /// The *redact level*, needed to redact other users' events.
    package var redact: Int64 { level("redact", default: 50) }

    /// The level needed to notify the whole room in this way, such as `room`.
    package func levelToNotify(_ kind: String) -> Int64 {
        content?["notifications"]?.objectValue?[kind]?.powerLevel(form) ?? 50
    }

    /// The level of each user who is listed.
    package var listedUsers: [(user: UserID, level: Int64)] {
        users.compactMap { user, level in
            guard let user = UserID(user), let level = level.powerLevel(form) else { return nil }
            return (user, level)
        }
    }

    /// The users whose power is their own, not that of everybody: the creators, and who is listed.
    package var namedUsers: [UserID] {
        let listed = listedUsers.map(\.user)
        return switch creators {
        case .privileged(let creators): creators + listed
        case .usual(let creator?) where content == nil: [UserID(trusted: creator)] + listed
        case .usual: listed
        }
    }

    private func level(_ name: String, default: Int64) -> Int64 { content?[name]?.powerLevel(form) ?? `default` }
}

extension PowerLevels {
    /// Whether the user has at least this level.
    package func user(_ user: UserID, has level: Int64) -> Bool { self.level(of: user) >= .level(level) }

    /// Whether the user may send events of that type, as far as levels go.
    package func user(_ user: UserID, canSend type: String, isState: Bool) -> Bool {
        self.user(user, has: levelToSend(type, isState: isState))
    }
}
