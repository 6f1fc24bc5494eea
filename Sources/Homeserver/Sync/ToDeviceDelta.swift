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
    /// - Parameters:
    ///   - inbox: the device's; nil has no messages.
    ///   - limit: how many messages at most.
    init(of inbox: DeviceInbox?, since: Position?, limit: Int = messagesMax, in transitory: PublishedSnapshot) throws {
        // A token of a database that was lost may be beyond what there is.
        let since = min(since ?? .zero, transitory.position)
        let messages = try inbox?.messages(after: since, limit: limit, in: transitory).messages ?? []
        events = messages.map(\.json)
        // The next answer begins where a full one ends.
        end = if messages.count == limit, let last = messages.last { last.position } else { transitory.position }
    }

    /// About how much JSON it is.
    var sizeBytes: Int { events.reduce(0) { $0 + $1.count + 1 } }

    /// Writes the object with the events.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeEvents(to: &writer)
        writer.endObject()
    }

    /// Writes the events as a member of an object.
    func writeEvents(to writer: inout JSONWriter) {
        writer.key("events")
        writer.beginArray()
        for event in events { writer.raw(event) }
        writer.endArray()
    }
}
