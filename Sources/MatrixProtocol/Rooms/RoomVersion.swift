package import CanonicalJSON

/// The rules that a room lives by, as a value that answers questions (room version specifications).
///
/// Code asks for the one thing that it needs to know, never for the version's number, so a new version is a new value below: the version
/// that it builds on, with what it changes.
package struct RoomVersion: Sendable {
    /// The version's name, such as `11`.
    package private(set) var id = "1"

    /// How events of the room look and are named.
    package private(set) var eventFormat = EventFormat()

    /// Which JSON events may consist of.
    package private(set) var jsonStrictness = JSONStrictness.lenient

    /// What is left of an event after redaction.
    package private(set) var redactionRules = RedactionRules.v1

    /// Which algorithm merges states.
    package private(set) var stateResolution = StateResolution.Algorithm.v1

    /// Whether the 255 limit on identifiers, types and state keys counts bytes. Where it doesn't, an event that exceeds it in bytes but
    /// not in code points is accepted from others.
    package private(set) var limitsCountBytes = false

    /// Whether a server's key counts for an event only if it was valid when the event was made.
    package private(set) var enforcesKeyValidity = false

    /// Whether `m.room.aliases` has an authorization rule of its own, which looks at the sender's server only.
    package private(set) var aliasesBelongToServers = true

    /// Whether the authorization rules say who may redact what. Where they don't, a redaction is an event like others, and whether it takes
    /// effect is asked when both it and its target are here.
    package private(set) var redactionsAreAuthorized = true

    /// What counts as a level in `m.room.power_levels`.
    package private(set) var powerLevelForm = PowerLevelForm.numberOrText

    /// Whether `m.room.power_levels` has `notifications` levels that the authorization rules protect.
    package private(set) var notificationLevelsProtected = false

    /// Whether users can knock, and the join rule `knock` exists.
    package private(set) var knocking = false

    /// Whether the join rule `restricted` exists.
    package private(set) var restrictedJoins = false

    /// Whether the join rule `knock_restricted` exists.
    package private(set) var knockRestricted = false

    /// Whether the creator is whoever sent the create event; otherwise its content has to name a `creator`.
    package private(set) var creatorIsSender = false

    /// Whether the creators, `additional_creators` included, have infinite power.
    package private(set) var creatorsArePrivileged = false

    /// Whether the room ID is the create event's reference hash, so that the create event has no `room_id`, and no event lists it
    /// in `auth_events`.
    package private(set) var roomIDIsCreateHash = false

    /// Whether users have all state keys that begin with their ID and an underscore, beside the one that is their ID (MSC3757).
    package private(set) var stateKeysHaveOwners = false

    /// The supported version of that name.
    package init?(_ id: String) {
        guard let version = Self.byID[id] else { return nil }
        self = version
    }

    /// Room version 1.
    private init() {}

    /// The version that builds on this one and changes what `change` changes.
    private func successor(_ id: String, _ change: (inout RoomVersion) -> Void) -> RoomVersion {
        var version = self
        version.id = id
        change(&version)
        return version
    }
}

extension RoomVersion {
    package static let v1 = RoomVersion()

    package static let v2 = v1.successor("2") { $0.stateResolution = .v2 }

    package static let v3 = v2.successor("3") {
        $0.eventFormat.carriesEventID = false
        $0.redactionsAreAuthorized = false
    }

    package static let v4 = v3.successor("4") { $0.eventFormat.hashAlphabet = .urlSafe }

    package static let v5 = v4.successor("5") { $0.enforcesKeyValidity = true }

    package static let v6 = v5.successor("6") {
        $0.jsonStrictness = .canonical
        $0.eventFormat.depthMax = EventLimits.canonicalDepthMax
        $0.redactionRules = .v6
        $0.aliasesBelongToServers = false
        $0.powerLevelForm = .integerOrText
        $0.notificationLevelsProtected = true
    }

    package static let v7 = v6.successor("7") { $0.knocking = true }

    package static let v8 = v7.successor("8") {
        $0.redactionRules = .v8
        $0.restrictedJoins = true
    }

    package static let v9 = v8.successor("9") { $0.redactionRules = .v9 }

    package static let v10 = v9.successor("10") {
        $0.powerLevelForm = .integer
        $0.knockRestricted = true
    }

    package static let v11 = v10.successor("11") {
        $0.redactionRules = .v11
        $0.eventFormat.redactsInContent = true
        $0.limitsCountBytes = true
        $0.creatorIsSender = true
    }

    package static let v12 = v11.successor("12") {
        $0.stateResolution = .v2_1
        $0.creatorsArePrivileged = true
        $0.roomIDIsCreateHash = true
    }

    package static let msc3757Of10 = v10.successor("org.matrix.msc3757.10") { $0.stateKeysHaveOwners = true }

    package static let msc3757Of11 = v11.successor("org.matrix.msc3757.11") { $0.stateKeysHaveOwners = true }

    /// The specification's versions, which rooms can have here, the oldest first.
    package static let supported = [v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12]

    /// Versions of proposals, which rooms can have here too.
    package static let unstable = [msc3757Of10, msc3757Of11]

    /// The version of new rooms for which nobody asks for another one.
    package static let `default` = v12

    private static let byID = Dictionary(uniqueKeysWithValues: (supported + unstable).map { ($0.id, $0) })
}

extension RoomVersion: Hashable {
    package static func == (a: RoomVersion, b: RoomVersion) -> Bool { a.id == b.id }

    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension RoomVersion: CustomStringConvertible {
    package var description: String { id }
}

/// How events of a room version look.
package struct EventFormat: Sendable, Hashable {
    /// Whether the sender's server chooses the event's ID, which the event then carries, and `prev_events` and `auth_events` consist of
    /// pairs of ID and hashes. Otherwise the ID is the reference hash, and they are lists of IDs.
    package var carriesEventID = true

    /// The alphabet in which the reference hash names an event.
    package var hashAlphabet = Base64.Alphabet.standard

    /// The largest `depth`; a room that has reached it stays there.
    package var depthMax = Int64.max

    /// Whether a redaction names its target in its content; otherwise at the top level.
    package var redactsInContent = false

    /// The depth of an event that follows events of these depths.
    package func depth(after depths: [Int64]) -> Int64 {
        let largest = depths.max() ?? 0
        return largest < depthMax ? largest + 1 : depthMax
    }
}
