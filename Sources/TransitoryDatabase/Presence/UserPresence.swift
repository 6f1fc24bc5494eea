import Store

/// What others see of a user's presence ("Presence").
package struct UserPresence: StoreCodable, Hashable {
    /// The names are stored.
    package enum State: String, Sendable, CaseIterable {
        case online
        case unavailable
        case offline
    }

    package var state: State
    /// What the user says of it.
    package var statusMessage: String?
    /// When the user did something the last time, in milliseconds since 1970; 0 if never.
    package var lastActive: Int64
    /// Whether the user has just done something; nobody is told of what the user does before that has changed.
    package var isCurrentlyActive: Bool

    package init(state: State, statusMessage: String? = nil, lastActive: Int64 = 0, isCurrentlyActive: Bool = false) {
        self.state = state
        self.statusMessage = statusMessage
        self.lastActive = lastActive
        self.isCurrentlyActive = isCurrentlyActive
    }

    /// Of whom nothing else is known.
    package static let offline = UserPresence(state: .offline)

    /// Whether others have to be told, to whom the other one was told.
    func isNews(after other: UserPresence) -> Bool {
        state != other.state || statusMessage != other.statusMessage || isCurrentlyActive != other.isCurrentlyActive
    }

    private typealias Parts = TupleKey<String, String?, Int64, Int64>

    /// The tuple of state, status message, last activity, and 1 if the user is active, else 0.
    package var encoded: [UInt8] { Parts(state.rawValue, statusMessage, lastActive, isCurrentlyActive ? 1 : 0).encoded }

    package init(encoded bytes: [UInt8]) throws {
        let (name, statusMessage, lastActive, flag) = try Parts(encoded: bytes).parts
        guard let state = State(rawValue: name) else { throw StoreError.undecodable(bytes, as: "a presence") }
        self.init(state: state, statusMessage: statusMessage, lastActive: lastActive, isCurrentlyActive: flag != 0)
    }
}
