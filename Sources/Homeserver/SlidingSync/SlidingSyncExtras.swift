import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// What an answer tells beside rooms: its `extensions`.
struct SlidingSyncExtras {
    /// The account data of rooms.
    typealias RoomData = [(room: RoomID, entries: [AccountDataDelta.Entry])]

    private let toDevice: ToDeviceDelta?
    private let deviceLists: DeviceListDelta?
    private let keyCounts: KeyCounts?
    /// Global entries, and those of rooms.
    private let accountData: (global: [AccountDataDelta.Entry], rooms: RoomData)?
    private let threads: ThreadSubscriptionChanges?

    /// - Parameters:
    ///   - changed: the requester's rooms in which something may have happened.
    ///   - log: what the accounts' log has since the client's position.
    ///   - toDeviceSince: up to where the client has its messages.
    init(
        _ capture: SlidingSyncCapture, changed: [SyncBuilder.UserRoom], _ log: [LogEntry]?, _ delta: AccountDataDelta, _ roomData: RoomData,
        toDeviceSince: Position?
    ) throws {
        let (wanted, sync) = (capture.request.extensions, capture.sync)
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
        accountData = wanted.accountData.map { _ in (delta.global, roomData) }
        threads = try wanted.threadSubscriptions.map {
            try ThreadSubscriptionChanges(
                of: sync.requester.userID, after: capture.position?.token.rooms.position ?? .zero, upTo: sync.rooms.position,
                limit: $0.limit, in: view)
        }
    }

    /// Whether there is anything that the client doesn't know.
    var tellsSomething: Bool {
        !(toDevice?.events.isEmpty ?? true) || !(deviceLists?.isEmpty ?? true) || !(threads?.isEmpty ?? true)
            || accountData.map { !$0.global.isEmpty || !$0.rooms.isEmpty } ?? false
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
        if let accountData { Self.write(accountData.global, accountData.rooms, to: &writer) }
        if let threads, !threads.isEmpty { Self.write(threads, to: &writer) }
        writer.endObject()
    }

    private static func write(_ global: [AccountDataDelta.Entry], _ rooms: RoomData, to writer: inout JSONWriter) {
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
