import CanonicalJSON
import MatrixProtocol
import Store
import TransitoryDatabase

/// What a client asks for in `GET /sync`.
package struct SyncRequest: Sendable {
    /// How far the client has seen; nil for an initial sync.
    package var since: SyncToken?
    /// How long to wait for something to happen, in milliseconds.
    package var timeoutMilliseconds: Int64
    /// Whether all state is wanted, not only what changed.
    package var isFullState: Bool
    /// Which state is wanted.
    package var stateSection: StateSection
    package var filter: SyncFilter
    /// What the sync makes of the presence of the requester's device; `offline` leaves it as it is.
    package var presence: UserPresence.State

    package init(
        since: SyncToken? = nil, timeoutMilliseconds: Int64 = 0, isFullState: Bool = false, stateSection: StateSection = .before,
        filter: SyncFilter = .everything, presence: UserPresence.State = .offline
    ) {
        self.since = since
        self.timeoutMilliseconds = timeoutMilliseconds
        self.isFullState = isFullState
        self.stateSection = stateSection
        self.filter = filter
        self.presence = presence
    }
}

extension SyncRequest {
    /// A room's state as it is before or after the timeline, by the name that it has in the answer.
    package enum StateSection: String, Sendable {
        /// Before the timeline.
        case before = "state"
        /// After the timeline.
        case after = "state_after"
        /// After the timeline, for clients that asked for it before it was part of the specification (MSC4222).
        case unstableAfter = "org.matrix.msc4222.state_after"
    }
}

/// Which part of a sync's answer is wanted ("Filtering").
package struct SyncFilter: Sendable {
    /// Which rooms are wanted at all.
    let rooms: EventFilter
    let timeline: EventFilter
    let state: EventFilter
    let roomAccountData: EventFilter
    let ephemeral: EventFilter
    let accountData: EventFilter
    let presence: EventFilter
    /// Whether rooms that the user has left are part of an initial sync.
    let includesLeft: Bool
    /// The form of the events.
    let format: ClientEvents.Format
    /// Which of their fields are wanted; nil for all.
    let eventFields: EventFields?

    /// Wants everything.
    package static let everything = SyncFilter([:])

    /// Checks a filter's JSON and reads it.
    ///
    /// - Throws: `M_BAD_JSON`.
    package init(checking json: JSONObject) throws(MatrixError) {
        try FilterShape.check(json)
        self.init(json)
    }

    /// Reads the JSON of a filter that was checked before.
    package init(_ json: JSONObject) {
        let room = json["room"]?.objectValue ?? [:]
        func part(_ name: String, of object: JSONObject) -> EventFilter { EventFilter(object[name]?.objectValue ?? [:]) }
        rooms = EventFilter(room)
        timeline = part("timeline", of: room)
        state = part("state", of: room)
        roomAccountData = part("account_data", of: room)
        ephemeral = part("ephemeral", of: room)
        accountData = part("account_data", of: json)
        presence = part("presence", of: json)
        includesLeft = room["include_leave"]?.boolValue ?? false
        eventFields = EventFields(json["event_fields"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        format = json["event_format"]?.stringValue.flatMap(ClientEvents.Format.init(rawValue:)) ?? .client
    }

    /// How many events a room's timeline has when the filter doesn't say.
    private static let timelineLimitDefault = 10
    /// The most events that a room's timeline has.
    private static let timelineLimitMax = 100

    /// How many events a room's timeline has at most.
    var timelineLimit: Int { min(timeline.limit ?? Self.timelineLimitDefault, Self.timelineLimitMax) }
}
