import CanonicalJSON
import Store
import TransitoryDatabase

/// The messages to the requester's device that a sync has to tell of ("Send-to-Device messaging").
struct ToDeviceDelta {
    /// The most messages of one answer.
    static let messagesMax = 100

    /// The events as JSON.
    let events: [[UInt8]]
    /// Up to where in the transitory database the answer goes.
    let end: Position

    /// What came since a position.
    ///
    /// - Parameter inbox: the device's; nil has no messages.
    init(of inbox: DeviceInbox?, since: Position?, in transitory: PublishedSnapshot) throws {
        // A token of a database that was lost may be beyond what there is.
        let since = min(since ?? .zero, transitory.position)
        let messages = try inbox?.messages(after: since, limit: Self.messagesMax, in: transitory).messages ?? []
        events = messages.map(\.json)
        // The next answer begins where a full one ends.
        end = if messages.count == Self.messagesMax, let last = messages.last { last.position } else { transitory.position }
    }

    /// About how much JSON it is.
    var sizeBytes: Int { events.reduce(0) { $0 + $1.count + 1 } }

    /// Writes the object with the events.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        for event in events { writer.raw(event) }
        writer.endArray()
        writer.endObject()
    }
}
