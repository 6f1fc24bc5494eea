/// The order in which everything but power events is applied ("Mainline ordering"): by how late in the line of power levels events an event's
/// rights come from, then the older first, then the smaller ID.
enum MainlineOrder {
    /// Sorts events.
    ///
    /// - Parameter powerLevels: the power levels event that the line leads back from; nil if the room has none.
    static func sort(_ indices: [Int], from powerLevels: Int?, in events: inout ResolutionEvents) throws -> [Int] {
        var mainline = try Mainline(from: powerLevels, in: &events)
        let ranks = try indices.map { index in
            let event = try events.event(index)
            return Rank(
                index: index, position: try mainline.position(of: index, in: &events), originServerTS: event.originServerTS, id: event.id)
        }
        return ranks.sorted { $0 < $1 }.map(\.index)
    }

    private struct Rank {
        let index: Int
        /// The event's place in the line, counted from its beginning: the earlier the smaller; 0 if it has none.
        let position: Int
        let originServerTS: Int64
        let id: EventID

        static func < (a: Rank, b: Rank) -> Bool {
            if a.position != b.position { return a.position < b.position }
            if a.originServerTS != b.originServerTS { return a.originServerTS < b.originServerTS }
            return a.id < b.id
        }
    }

    /// A power levels event, the one in its auth events, the one in the auth events of that, and so on; with the positions of all power levels
    /// events that were ever asked for, so that each is walked from once.
    private struct Mainline {
        private var positions: [Int: Int] = [:]

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
            var passed: Set<Int> = []
            var next = try events.authEvent(.powerLevels, of: index)
            var position = 0
            while let index = next {
                if let known = positions[index] {
                    position = known
                    break
                }
                guard passed.insert(index).inserted else { break }
                next = try events.authEvent(.powerLevels, of: index)
            }
            for index in passed { positions[index] = position }
            return position
        }
    }
}
