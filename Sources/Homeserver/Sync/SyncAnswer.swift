import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// A sync's answer.
struct SyncAnswer {
    /// The answer as JSON.
    let bytes: [UInt8]
    /// Where the next one goes on.
    let next: SyncToken
    /// Whether there is anything in it that the client doesn't know.
    let tellsSomething: Bool

    /// So many rooms are worked off in one piece; with more, the pieces are worked off side by side.
    private static let roomsPerPiece = 25

    /// Puts the answer together.
    ///
    /// - Parameter presence: who is online.
    init(to capture: SyncCapture, _ presence: Presence) async throws {
        let accountsLog = try capture.accountsSince.flatMap { try SyncBuilder.log(of: capture.accounts, since: $0) }
        let transitoryLog = try capture.transitoryLog()
        let accountData = try AccountDataDelta(
            of: capture.requester.userID, since: capture.accountsSince, accountsLog, in: capture.accounts, capture.unreadCounts.pushRules)
        let ephemeral = try EphemeralDelta(capture, transitoryLog)
        var builder = try SyncBuilder(capture, accountData, ephemeral)
        var changed = try builder.changedRooms()
        let sticky = try StickyDelta(
            of: capture.requester.userID, in: changed, since: capture.request.since, at: capture.now, capture.rooms)
        builder.sticky = sticky
        for room in Set(sticky.rooms).subtracting(changed.map(\.room)) {
            changed.append((room, try builder.view.standing(of: capture.requester.userID, in: room)))
        }
        let rooms = try await Self.rooms(changed, of: capture, accountData, ephemeral, builder)
        let deviceLists = try builder.since.flatMap { roomsSince in
            // Where the state is the same, the members are.
            let changed = changed.filter { !rooms.withKnownState.contains($0.room) }
            return try capture.accountsSince.map {
                try DeviceListDelta(of: changed, since: roomsSince, $0, accountsLog, builder.view, capture)
            }
        }
        let globalData = accountData.global.filter { capture.request.filter.accountData.wants(type: $0.type, from: nil) }
        let presences = try PresenceDelta(
            capture, transitoryLog, newlyShared: deviceLists?.newlyShared ?? [], builder.ignored, presence)
        let toDevice = try ToDeviceDelta(of: capture.inbox, since: capture.transitorySince, in: capture.transitory)

        var writer = JSONWriter(capacity: 512 + rooms.sizeBytes + toDevice.sizeBytes + presences.sizeBytes)
        writer.beginObject()
        writer.key("next_batch")
        next = SyncToken(
            rooms: capture.rooms.position, accounts: capture.accounts.position, transitory: toDevice.end, sticky: sticky.end)
        writer.string(next.description)
        if !globalData.isEmpty {
            writer.key("account_data")
            writer.accountData(globalData)
        }
        if !presences.events.isEmpty {
            writer.key("presence")
            writer.events(presences.events)
        }
        if !rooms.isEmpty {
            writer.key("rooms")
            rooms.write(to: &writer)
        }
        if !toDevice.events.isEmpty {
            writer.key("to_device")
            toDevice.write(to: &writer)
        }
        if let deviceLists, !deviceLists.isEmpty {
            writer.key("device_lists")
            writer.object(deviceLists.json)
        }
        let keyCounts = try capture.keyCounts()
        writer.key("device_one_time_keys_count")
        writer.object(keyCounts.oneTimeKeysJSON)
        writer.key("device_unused_fallback_key_types")
        writer.value(.array(keyCounts.unusedFallbackKeysJSON))
        writer.endObject()
        bytes = writer.bytes
        tellsSomething =
            !rooms.isEmpty || !globalData.isEmpty || !toDevice.events.isEmpty || !presences.events.isEmpty
            || !(deviceLists?.isEmpty ?? true)
    }

    private static func rooms(
        _ changed: [SyncBuilder.UserRoom], of capture: SyncCapture, _ accountData: AccountDataDelta,
        _ ephemeral: EphemeralDelta, _ builder: SyncBuilder
    ) async throws -> SyncRooms {
        guard changed.count > roomsPerPiece else { return try builder.rooms(changed[...]) }
        let sticky = builder.sticky
        let pieces = try await inPieces(of: roomsPerPiece, changed) { piece in
            var pieceBuilder = try SyncBuilder(capture, accountData, ephemeral)
            pieceBuilder.sticky = sticky
            return try pieceBuilder.rooms(piece)
        }
        return pieces.reduce(into: SyncRooms()) { $0.append($1) }
    }
}
