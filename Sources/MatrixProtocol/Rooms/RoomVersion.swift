package import CanonicalJSON

/// The rules that a room lives by, as a value that answers questions (room version specifications).
///
/// Code asks for the one thing that it needs to know, never for the version's number, so a new version is a new value below.
package struct RoomVersion: Sendable {
    /// The version's name, such as `11`.
    package let id: String

    /// How events of the room look and are named.
    package let eventFormat: EventFormat

    /// Which JSON events may consist of.
    package let jsonStrictness: JSONStrictness

    /// What is left of an event after redaction.
    package let redactionRules: RedactionRules

    /// Which algorithm merges states.
    package let stateResolution: StateResolution

    /// Whether the 255 limit on identifiers, types and state keys counts bytes. Where it doesn't, an event that exceeds it in bytes but
    /// not in code points is accepted from others.
    package let limitsCountBytes: Bool

    /// Whether levels in `m.room.power_levels` have to be integers; otherwise texts of digits are taken too.
    package let integerPowerLevels: Bool

    /// Whether `m.room.power_levels` has `notifications` levels that the authorization rules protect.
    package let notificationLevelsProtected: Bool

    /// Whether users can knock, and the join rule `knock` exists.
    package let knocking: Bool

    /// Whether the join rule `restricted` exists.
    package let restrictedJoins: Bool

    /// Whether the join rule `knock_restricted` exists.
    package let knockRestricted: Bool

    /// Whether the creator is whoever sent the create event; otherwise its content has to name a `creator`.
    package let creatorIsSender: Bool

    /// Whether the creators, `additional_creators` included, have infinite power.
    package let creatorsArePrivileged: Bool

    /// Whether the room ID is the create event's reference hash, so that the create event has no `room_id`, and no event lists it
    /// in `auth_events`.
    package let roomIDIsCreateHash: Bool

    /// The supported version of that name.
    package init?(_ id: String) {
        guard let version = Self.byID[id] else { return nil }
        self = version
    }

    private init(
        id: String, eventFormat: EventFormat, redactionRules: RedactionRules, stateResolution: StateResolution, limitsCountBytes: Bool,
        creatorIsSender: Bool, creatorsArePrivileged: Bool, roomIDIsCreateHash: Bool
    ) {
        self.id = id
        self.eventFormat = eventFormat
        self.jsonStrictness = .canonical
        self.redactionRules = redactionRules
        self.stateResolution = stateResolution
        self.limitsCountBytes = limitsCountBytes
        self.integerPowerLevels = true
        self.notificationLevelsProtected = true
        self.knocking = true
        self.restrictedJoins = true
        self.knockRestricted = true
        self.creatorIsSender = creatorIsSender
        self.creatorsArePrivileged = creatorsArePrivileged
        self.roomIDIsCreateHash = roomIDIsCreateHash
    }
}

extension RoomVersion {
    package static let v10 = RoomVersion(
        id: "10", eventFormat: EventFormat(redactsInContent: false), redactionRules: .v9, stateResolution: .v2, limitsCountBytes: false,
        creatorIsSender: false, creatorsArePrivileged: false, roomIDIsCreateHash: false)

    package static let v11 = RoomVersion(
        id: "11", eventFormat: EventFormat(redactsInContent: true), redactionRules: .v11, stateResolution: .v2, limitsCountBytes: true,
        creatorIsSender: true, creatorsArePrivileged: false, roomIDIsCreateHash: false)

    package static let v12 = RoomVersion(
        id: "12", eventFormat: EventFormat(redactsInContent: true), redactionRules: .v11, stateResolution: .v2_1, limitsCountBytes: true,
        creatorIsSender: true, creatorsArePrivileged: true, roomIDIsCreateHash: true)

    /// All versions that rooms can have here, the oldest first.
    package static let supported = [v10, v11, v12]

    /// The version of new rooms for which nobody asks for another one.
    package static let `default` = v12

    private static let byID = Dictionary(uniqueKeysWithValues: supported.map { ($0.id, $0) })
}

extension RoomVersion: Hashable {
    package static func == (a: RoomVersion, b: RoomVersion) -> Bool { a.id == b.id }

    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// How events of a room version look.
package struct EventFormat: Sendable, Hashable {
    /// Whether a redaction names its target in its content; otherwise at the top level.
    package let redactsInContent: Bool
}

/// The algorithms that merge a room's states.
package enum StateResolution: Sendable {
    /// The algorithm of room version 2.
    case v2
    /// The algorithm of room version 12, which starts from an empty state and adds the conflicted state subgraph.
    case v2_1
}
