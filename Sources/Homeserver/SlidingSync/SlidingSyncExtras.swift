import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// What an answer tells beside rooms: its `extensions`.
struct SlidingSyncExtras {
    private let toDevice: ToDeviceDelta?
    private let deviceLists: DeviceListDelta?
    private let keyCounts: KeyCounts?
    /// Global account data.
    private let accountData: [AccountDataDelta.Entry]?
    private let rooms: RoomExtras
    private let wanted: SlidingSyncExtensions
    private let threads: ThreadSubscriptionChanges?
    private let sticky: StickyExtension?

    /// - Parameters:
    ///   - changed: the requester's rooms in which something may have happened.
    ///   - log: what the accounts' log has since the client's position.
    ///   - timelines: the events that the answer has in the rooms' timelines.
    ///   - toDeviceSince: up to where the client has its messages.
    init(
        _ capture: SlidingSyncCapture, changed: [SyncBuilder.UserRoom], _ log: [LogEntry]?, _ delta: AccountDataDelta, _ rooms: RoomExtras,
        timelines: [ShortRoomID: Set<EventID>], toDeviceSince: Position?
    ) throws {
        let sync = capture.sync
        wanted = capture.request.extensions
        self.rooms = rooms
        toDevice = try wanted.toDevice.map {
            try ToDeviceDelta(of: sync.inbox, since: toDeviceSince, limit: $0.limit, in: sync.transitory)
        }
        keyCounts = try wanted.wantsEncryption ? sync.keyCounts() : nil
        let view = RoomsView(sync.rooms)
        if wanted.wantsEncryption, let token = capture.position?.token {
            deviceLists = try DeviceListDelta(of: changed, since: token.rooms.position, token.accounts.position, log, view, sync)
        } else {
            deviceLists = nil
        }
        accountData = wanted.accountData.map { _ in delta.global }
        threads = try wanted.threadSubscriptions.map {
            try ThreadSubscriptionChanges(
                of: sync.requester.userID, after: capture.position?.token.rooms.position ?? .zero, upTo: sync.rooms.position,
                limit: $0.limit, in: view)
        }
        sticky = try wanted.stickyEvents.map { try StickyExtension($0, capture, changed: changed, timelines: timelines) }
    }

    /// Whether there is anything that the client doesn't know.
    var tellsSomething: Bool {
        !(toDevice?.events.isEmpty ?? true) || !(deviceLists?.isEmpty ?? true) || !(threads?.isEmpty ?? true)
            || sticky?.tellsSomething ?? false || !(accountData?.isEmpty ?? true) || !rooms.isEmpty
    }

    /// Writes the object with what is wanted.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        if let toDevice {
            writer.key("to_device")
            writer.beginObject()
            writer.key("next_batch")
            writer.string(PaginationToken(toDevice.end).description)
            toDevice.writeEvents(to: &writer)
            writer.endObject()
        }
        if let keyCounts {
            writer.key("e2ee")
            writer.beginObject()
            if let deviceLists, !deviceLists.isEmpty {
                writer.key("device_lists")
                writer.object(deviceLists.json)
            }
            writer.key("device_one_time_keys_count")
            writer.object(keyCounts.oneTimeKeysJSON)
            writer.key("device_unused_fallback_key_types")
            writer.value(.array(keyCounts.unusedFallbackKeysJSON))
            writer.endObject()
        }
        if let accountData { Self.write(accountData, rooms.accountData, to: &writer) }
        if wanted.receipts != nil { Self.write(rooms.receipts, as: "receipts", to: &writer) }
        if wanted.typing != nil { Self.write(rooms.typing, as: "typing", to: &writer) }
        if let threads, !threads.isEmpty { Self.write(threads, to: &writer) }
        if let sticky, sticky.tellsSomething {
            writer.key("org.matrix.msc4354.sticky_events")
            sticky.write(to: &writer)
        }
        writer.endObject()
    }

    private static func write(
        _ global: [AccountDataDelta.Entry], _ rooms: [(room: RoomID, entries: [AccountDataDelta.Entry])], to writer: inout JSONWriter
    ) {
        writer.key("account_data")
        writer.beginObject()
        writer.key("global")
        writer.accountDataEvents(global)
        writer.key("rooms")
        writer.beginObject()
        for (room, entries) in rooms {
            writer.key(room.string)
            writer.accountDataEvents(entries)
        }
        writer.endObject()
        writer.endObject()
    }

    /// Writes an event for each of some rooms.
    private static func write(_ events: [(room: RoomID, event: [UInt8])], as name: String, to writer: inout JSONWriter) {
        writer.key(name)
        writer.beginObject()
        writer.key("rooms")
        writer.beginObject()
        for (room, event) in events {
            writer.key(room.string)
            writer.raw(event)
        }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ threads: ThreadSubscriptionChanges, to writer: inout JSONWriter) {
        writer.key("io.element.msc4308.thread_subscriptions")
        writer.beginObject()
        for (name, threads) in [("subscribed", threads.subscribed), ("unsubscribed", threads.unsubscribed)] where !threads.isEmpty {
            writer.key(name)
            writer.object(threads)
        }
        if let rest = threads.rest {
            writer.key("prev_batch")
            writer.string(rest.description)
        }
        writer.endObject()
    }
}
