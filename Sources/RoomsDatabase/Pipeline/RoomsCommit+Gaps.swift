import MatrixProtocol
import Store
import StoredIdentifiers

/// Gaps, which are places in a timeline before which something is missing.
extension RoomsCommit {
    /// So many positions are left out before an event that opens a gap; what is missing takes its orders from them.
    static let gapPositions: Int64 = 256

    /// Notes what is missing before an event.
    func openGap(before appended: AppendedEvent, _ missing: [ShortEventID], in room: Room) {
        guard !missing.isEmpty else { return }
        commit.put(RoomsMaps.gaps, appended.pduID, ShortEventIDs(missing))
        for event in missing { commit.put(RoomsMaps.referencedEvents, FixedKey(room.shortID, event), Empty()) }
    }

    /// Takes an event that has come out of the gaps where it was missing.
    func narrowGaps(by event: Event, in room: Room) throws {
        guard let event = try view.shortID(of: event.id), try commit.get(RoomsMaps.referencedEvents, FixedKey(room.shortID, event)) != nil
        else { return }
        var gaps = try view.reader.domain(RoomsMaps.gaps, .fixed(room.shortID))
        for (pduID, missing) in try gaps.collect() where missing.events.contains(event) {
            let rest = missing.events.filter { $0 != event }
            if rest.isEmpty {
                commit.delete(RoomsMaps.gaps, pduID)
            } else {
                commit.put(RoomsMaps.gaps, pduID, ShortEventIDs(rest))
            }
        }
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

    /// The newest place of a part of a room's timeline before which events are missing.
    package func newestGap(in room: ShortRoomID, _ orders: ClosedRange<Int64>) throws -> PDUID? {
        let lower = PDUID(room: room, order: orders.lowerBound).encoded
        let upper = PDUID(room: room, order: orders.upperBound).encoded
        return try reader.first(RoomsMaps.gaps, KeyRange(lower: lower, upper: upper + [0]), .backward)?.key
    }
}
