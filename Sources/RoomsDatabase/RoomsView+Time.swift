import Store

/// Events by the time at which their senders' servers made them.
extension RoomsView {
    /// The room's events from a moment on, or from it back.
    ///
    /// - Parameter timestamp: milliseconds since 1970.
    package func events(of room: ShortRoomID, from timestamp: Int64, _ direction: Direction) throws -> TimedEvents {
        let all = KeyRange.fixed(room)
        let range =
            switch direction {
            case .forward: all.from(FixedKey(room, timestamp).encoded)
            case .backward: timestamp == .max ? all : all.below(FixedKey(room, timestamp + 1).encoded)
            }
        return TimedEvents(view: self, entries: try reader.domain(RoomsMaps.eventsByTime, range, direction))
    }

    /// A walk through a room's events by their time.
    package struct TimedEvents: ~Copyable {
        fileprivate let view: RoomsView
        fileprivate var entries: Domain<FixedKey<ShortRoomID, Int64, Int64>, Empty>

        /// The next event and its place in the timeline; nil at the end.
        package mutating func next() throws -> (pduID: PDUID, event: StoredEvent)? {
            while let (key, _) = try entries.next() {
                let pduID = PDUID(room: key.parts.0, order: key.parts.2)
                if let event = try view.reader.get(RoomsMaps.pduIDToEvent, pduID) { return (pduID, event) }
            }
            return nil
        }
    }
}
