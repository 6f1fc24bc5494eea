/// The order in which everything but power events is applied ("Mainline ordering"): by how late in the line of power levels events an event's
/// rights come from, then the older first, then the smaller ID.
enum MainlineOrder {
    /// Sorts events.
    ///
    /// - Parameter powerLevels: the power levels event that the line leads back from; nil if the room has none.
    static func sort(_ indices: [Int], from powerLevels: Int?, in events: inout ResolutionEvents) throws -> [Int] {
        var mainline = try Mainline(from: powerLevels, in: &events)
        var ranks: [Rank] = []
        ranks.reserveCapacity(indices.count)
        for index in indices {
            let event = try events.event(index)
            let position = try mainline.position(of: index, in: &events)
            ranks.append(Rank(index: index, position: position, originServerTS: event.originServerTS))
        }
        try ranks.sort { a, b in try a.precedes(b) ?? (events.event(a.index).id < events.event(b.index).id) }
        return ranks.map(\.index)
    }

    private struct Rank {
        let index: Int
        /// The event's place in the line, counted from its beginning: the earlier the smaller; 0 if it has none.
        let position: Int
        let originServerTS: Int64

        /// Nil if only the IDs can tell.
        func precedes(_ other: Rank) -> Bool? {
            if position != other.position { return position < other.position }
            return originServerTS == other.originServerTS ? nil : originServerTS < other.originServerTS
        }
    }

    /// A power levels event, the one in its auth events, the one in the auth events of that, and so on; with the positions of all power levels
    /// events that were ever asked for, so that each is walked from once.
    private struct Mainline {
        private var positions: [Int: Int] = [:]
        /// The power levels event that was asked for last, and its position: most events have the same as their neighbours.
        private var last: (index: Int, position: Int)?

        init(from powerLevels: Int?, in events: inout ResolutionEvents) throws {
            var line: [Int] = []
            var next = powerLevels
            // A cycle ends the line.
            while let index = next, positions.updateValue(0, forKey: index) == nil {
                line.append(index)
                next = try events.authEvent(.powerLevels, of: index)
            }
            for (position, index) in line.reversed().enumerated() { positions[index] = position + 1 }
        }

        /// The position of the first event on the line that leads back from the power levels event in this event's auth events.
        mutating func position(of index: Int, in events: inout ResolutionEvents) throws -> Int {
            guard let first = try events.authEvent(.powerLevels, of: index) else { return 0 }
            if let last, last.index == first { return last.position }
            var passed: [Int] = []
            var next: Int? = first
            var position = 0
            while let index = next {
                if let known = positions[index] {
                    position = known
                    break
                }
                // Unless the line is found, that is where they lead; a cycle comes back here.
                positions[index] = 0
                passed.append(index)
                next = try events.authEvent(.powerLevels, of: index)
            }
            for index in passed { positions[index] = position }
            last = (first, position)
            return position
        }
    }
}
