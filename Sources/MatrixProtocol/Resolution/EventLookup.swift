/// A number that stands for an event: whatever the caller knows its events by, such as a database's short IDs.
package struct EventNumber: Hashable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// A number that stands for a state key, a type and a `state_key`.
package struct StateKeyNumber: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (a: StateKeyNumber, b: StateKeyNumber) -> Bool { a.rawValue < b.rawValue }
}

/// One entry of a room state.
package struct StateEntry: Hashable, Sendable {
    package let key: StateKeyNumber
    package let event: EventNumber

    package init(key: StateKeyNumber, event: EventNumber) {
        self.key = key
        self.event = event
    }
}

/// Where state resolution finds the events that it needs, all of one room.
///
/// An event or key that it knows has one number, which stays the same during a resolution; which one it is makes no difference to the
/// outcome. Answers are kept during a resolution: hardly anything is asked for twice.
package protocol EventLookup {
    /// The event; nil if it isn't here.
    func event(_ number: EventNumber) throws -> Event?

    /// Appends the events that its `auth_events` names and, in room versions where the room ID names it, the create event. Asked for whole
    /// auth chains, so it is worth knowing without decoding events.
    ///
    /// - Returns: whether the event is here.
    func appendAuthEvents(of number: EventNumber, to numbers: inout [EventNumber]) throws -> Bool

    /// Whether the event was rejected. Asked for auth events only.
    func isRejected(_ number: EventNumber) throws -> Bool

    /// The number of a state key; nil if no event that is here has that key.
    func number(of key: StateKey) throws -> StateKeyNumber?
}

/// Why states could not be resolved.
package enum StateResolutionError: Error, Equatable, CustomStringConvertible {
    /// An event of a state, or of an auth chain, isn't here.
    case missingEvent(EventNumber)
    /// What a state or an auth chain has is no state event.
    case notAStateEvent(EventID)
    /// The lookup has no number for the key of an event that it knows.
    case unnumberedStateKey(StateKey)

    package var description: String {
        switch self {
        case .missingEvent(let number): "Event number \(number.rawValue), which the states are resolved by, is not here"
        case .notAStateEvent(let id): "\(id) is not a state event, but a state or an auth chain has it"
        case .unnumberedStateKey(let key): "The state key \(key) has no number, though there is an event for it"
        }
    }
}
