import MatrixProtocol
import Store
import StoredIdentifiers

/// Purging a room's history up to a point.
extension RoomsDatabase {
    /// The kind of jobs that purge history. The argument is a `HistoryPurge`.
    package static let purgeHistoryJob = "purge_history"

    /// So many events are looked at for one commit.
    private static let lookedAtMax = 25

    /// Removes the events before a place in a room's timeline. Its state stays what it is: state events are kept as outliers. Before the
    /// first event that is left there is a gap then.
    package var purgingHistory: JobKind {
        jobKind(Self.purgeHistoryJob) { job, commit in
            let purge = try HistoryPurge(encoded: job.argument)
            guard let room = try commit.view.room(commit.view.roomID(of: purge.room)) else { return .isDone }
            let end = try min(purge.end, commit.firstKeptOrder(in: room))
            guard end > .min else { return .isDone }
            var oldest = try commit.view.timeline(of: room.shortID, .min...end - 1, .forward)
            let events = try oldest.collect(limit: Self.lookedAtMax)
            for (pduID, event) in events {
                if commit.commit.isHalfFull { return .goesOn }
                try commit.purge(event, at: pduID, in: room)
                job.done += 1
            }
            if events.count == Self.lookedAtMax { return .goesOn }
            try commit.openGapBeforeFirst(in: room)
            return .isDone
        }
    }
}

extension RoomsCommit {
    /// The order from which on nothing is purged, whatever is asked for: that of the oldest extremity.
    fileprivate func firstKeptOrder(in room: Room) throws -> Int64 {
        let extremities = try view.extremities(of: room.shortID).map(\.event)
        return try view.reader.get(RoomsMaps.shortEventIDToPDUID, all: extremities).compactMap { $0?.order }.min() ?? .min
    }

    fileprivate func purge(_ stored: StoredEvent, at pduID: PDUID, in room: Room) throws {
        try leaveTimeline(stored, at: pduID, in: room)
        let event = try Event(stored, in: room)
        let redacted = try event.redacts.flatMap { try view.shortID(of: $0) }.flatMap { try view.event($0) }
        // What a redacted event says of its redaction stays true.
        guard event.isState || redacted?.redaction == stored.shortID else { return try forget(stored, in: room.shortID) }
        let outlier = StoredEvent(
            id: stored.id, shortID: stored.shortID, replaced: .none, redaction: stored.redaction, json: stored.json)
        noteWriting(stored.shortID)
        commit.put(RoomsMaps.eventIDToOutlier, stored.id, outlier)
        commit.put(RoomsMaps.roomOutliers, FixedKey(room.shortID, stored.shortID), Empty())
    }

    /// Notes that there was something before the timeline's first event.
    fileprivate func openGapBeforeFirst(in room: Room) throws {
        guard let (pduID, stored) = try view.reader.first(RoomsMaps.pduIDToEvent, .fixed(room.shortID)) else { return }
        let event = try Event(stored, in: room)
        let missing = try event.prevEvents.filter { try view.timelineEvent($0) == nil }.map { try makeShortEventID($0) }
        openGap(before: AppendedEvent(event: event, pduID: pduID, shortID: stored.shortID), missing, in: room)
    }
}
