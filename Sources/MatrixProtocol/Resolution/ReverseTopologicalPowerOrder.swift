/// The order in which power events are applied ("Reverse topological power ordering"): an event comes after its auth events, and otherwise who
/// has more power comes first, then who is older, then whose ID is smaller.
enum ReverseTopologicalPowerOrder {
    /// What decides between events that could both be next.
    struct Rank {
        let index: Int
        /// The sender's power, by the event's own auth events.
        let power: PowerLevel
        let originServerTS: Int64
        let id: EventID

        static func < (a: Rank, b: Rank) -> Bool {
            if a.power != b.power { return a.power > b.power }
            if a.originServerTS != b.originServerTS { return a.originServerTS < b.originServerTS }
            return a.id < b.id
        }
    }

    /// Sorts events by Kahn's algorithm.
    ///
    /// - Returns: their indices. Events of a cycle, which nothing can come before, are left out.
    static func sort(_ ranks: [Rank], in events: inout ResolutionEvents) throws -> [Int] {
        let sorted = ranks.sorted { $0 < $1 }
        var positions: [Int: Int] = [:]
        positions.reserveCapacity(sorted.count)
        for (position, rank) in sorted.enumerated() { positions[rank.index] = position }

        // From here on an event is its position among the sorted ranks, so the smallest candidate is the smallest number.
        var missing = Array(repeating: 0, count: sorted.count)
        var followers: [[Int]] = Array(repeating: [], count: sorted.count)
        for (position, rank) in sorted.enumerated() {
            for place in try events.authEvents(of: rank.index) {
                guard let authPosition = positions[events.authEvent(at: place)] else { continue }
                missing[position] += 1
                followers[authPosition].append(position)
            }
        }
        var candidates = MinimumHeap()
        for position in missing.indices where missing[position] == 0 { candidates.insert(position) }
        var order: [Int] = []
        order.reserveCapacity(sorted.count)
        while let position = candidates.removeMinimum() {
            order.append(sorted[position].index)
            for follower in followers[position] {
                missing[follower] -= 1
                if missing[follower] == 0 { candidates.insert(follower) }
            }
        }
        return order
    }
}

/// A binary heap that gives the smallest number first.
struct MinimumHeap {
    /// The children of the element at i are at 2i + 1 and 2i + 2, and neither is smaller.
    private var elements: [Int] = []

    mutating func insert(_ element: Int) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeMinimum() -> Int? {
        guard let minimum = elements.first else { return nil }
        let last = elements.removeLast()
        guard !elements.isEmpty else { return minimum }
        elements[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { break }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < elements[parent] else { break }
            elements.swapAt(child, parent)
            parent = child
        }
        return minimum
    }
}
