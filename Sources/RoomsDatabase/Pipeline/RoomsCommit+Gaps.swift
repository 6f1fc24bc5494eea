import MatrixProtocol
import Store
import StoredIdentifiers

/// Gaps: places in a timeline before which something is missing.
extension RoomsCommit {
    /// So many positions are left out before an event that opens a gap; what is missing takes its orders from them.
    static let gapPositions: Int64 = 256

    /// Notes what is missing before an event.
    func openGap(before appended: AppendedEvent, _ missing: [ShortEventID], in room: Room) {
        guard !missing.isEmpty else { return }
        commit.put(RoomsMaps.gaps, appended.pduID, ShortEventIDs(missing))
        for event in missing { commit.put(RoomsMaps.referencedEvents, FixedKey(room.shortID, event), Empty()) }
    }
}

extension RoomsView {
    /// The places of a room's timeline before which events are missing, and which these are; the newest first.
    package func gaps(of room: ShortRoomID, _ orders: ClosedRange<Int64> = .min ... .max) throws -> [(pduID: PDUID, missing: [EventID])] {
        let lower = PDUID(room: room, order: orders.lowerBound).encoded
        let upper = PDUID(room: room, order: orders.upperBound).encoded
        var gaps = try reader.domain(RoomsMaps.gaps, KeyRange(lower: lower, upper: upper + [0]), .backward)
        return try gaps.collect().map { ($0.key, try eventIDs(of: $0.value.events)) }
    }
}
