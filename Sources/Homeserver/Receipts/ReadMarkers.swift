import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// Up to which events a client says that its user has read a room ("Receipts", "Read and unread markers").
package struct ReadMarkers: Sendable {
    /// The types of markers.
    enum Marker: String, CaseIterable {
        case fullyRead = "m.fully_read"
        case read = "m.read"
        case readPrivate = "m.read.private"

        /// Which receipt it is; nil for the marker that is none.
        var receipt: ReadReceipt.Kind? {
            switch self {
            case .fullyRead: nil
            case .read: .read
            case .readPrivate: .readPrivate
            }
        }
    }

    /// The event of each marker that is to be set.
    let events: [(marker: Marker, event: EventID)]
    /// The thread that the receipts are for; nil for the whole room.
    let thread: ThreadID?

    /// One marker (`POST /rooms/{roomId}/receipt/{receiptType}/{eventId}`).
    ///
    /// - Parameter threadID: the body's `thread_id`.
    /// - Throws: `M_INVALID_PARAM` for an unknown type, and for a thread that is none, or goes with a marker that is no receipt.
    package init(type: String, event: EventID, threadID: JSONValue?) throws(MatrixError) {
        guard let marker = Marker(rawValue: type) else {
            let types = Marker.allCases.map(\.rawValue).joined(separator: ", ")
            throw MatrixError(.invalidParameter, "The type of a receipt is one of \(types)")
        }
        events = [(marker, event)]
        guard let threadID else {
            self.thread = nil
            return
        }
        guard marker != .fullyRead else { throw MatrixError(.invalidParameter, "thread_id is not for \(type)") }
        guard let text = threadID.stringValue, !text.isEmpty else {
            throw MatrixError(.invalidParameter, "thread_id must be a string that is not empty")
        }
        guard let thread = ThreadID(text) else { throw MatrixError(.invalidParameter, "thread_id is neither main nor an event ID") }
        self.thread = thread
    }

    /// Several markers (`POST /rooms/{roomId}/read_markers`).
    ///
    /// - Parameter body: the request's; types that aren't known are left out.
    /// - Throws: `M_BAD_JSON`, `M_INVALID_PARAM` for what is no event ID.
    package init(_ body: JSONObject) throws(MatrixError) {
        var events: [(marker: Marker, event: EventID)] = []
        for marker in Marker.allCases {
            guard let value = body[marker.rawValue], value != .null else { continue }
            guard let text = value.stringValue else { throw MatrixError(.badJSON, "\(marker.rawValue) must be a string") }
            guard let event = EventID(text) else { throw MatrixError(.invalidParameter, "\(marker.rawValue) must be an event ID") }
            events.append((marker, event))
        }
        self.events = events
        thread = nil
    }
}
