import Store

/// What a database holds after one of its commits.
struct ModelVersion: Sendable {
    /// The number of the commit; each that writes takes the next one.
    var number: UInt64 = 0
    /// Group and item, as one number that sorts as their bytes do -> value.
    var entries: [UInt16: UInt64] = [:]
    /// How many of the model's stamps it has.
    var stampCount = 0
    /// How many of the model's short IDs it has.
    var shortIDCount = 0
    /// What each database had answered or shown when the commit ran.
    var causes: [UInt64] = []
    /// Which attempt of a client made it.
    var attempt: UInt64?

    static func key(_ group: UInt8, _ item: UInt8) -> UInt16 {
        UInt16(group) << 8 | UInt16(item)
    }

    /// The entries of a part of a group, in their order.
    func entries(of group: UInt8, _ items: Range<UInt8>) -> [(item: UInt8, value: UInt64)] {
        items.compactMap { item in entries[Self.key(group, item)].map { (item, $0) } }
    }
}

/// A stamped entry.
struct ModelStamp: Sendable, Equatable {
    let position: Position
    let group: UInt8
    let number: UInt64

    var change: Change {
        Change(kind: 1, scope: SimulationMaps.scopes[Int(group)], key: number.encoded)
    }
}
