import MatrixProtocol

/// One of the conversations of a room ("Threading"): `thread_id` of receipts and unread counts.
package enum ThreadID: Sendable, Hashable {
    /// What is in no thread, the roots of threads included.
    case main
    /// The thread that this event is the root of.
    case root(EventID)

    /// The name of the main timeline.
    private static let mainName = "main"

    /// Reads `main` or an event ID; nil for anything else.
    package init?(_ string: String) {
        if string == Self.mainName {
            self = .main
        } else if let root = EventID(string) {
            self = .root(root)
        } else {
            return nil
        }
    }

    /// Takes what `string` has said.
    init(trusted string: String) {
        self = string == Self.mainName ? .main : .root(EventID(trusted: string))
    }

    /// `main`, or the root's ID.
    package var string: String {
        switch self {
        case .main: Self.mainName
        case .root(let id): id.string
        }
    }
}
