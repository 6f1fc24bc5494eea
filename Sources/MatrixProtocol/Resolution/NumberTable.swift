/// Gives numbers from outside indices from 0 on, in the order in which they are first asked for.
///
/// A hash table with open addressing: each event of an auth chain is asked for by every event that names it.
struct NumberTable {
    /// The numbers by their index.
    private(set) var numbers: [UInt64] = []
    /// Indices by their number's place; negative where there is none. At most half of the places are taken.
    private var places: [Int32]
    private var mask: UInt64

    init() {
        places = Array(repeating: -1, count: 1024)
        mask = 1023
    }

    /// The number's index, and whether it is new.
    mutating func index(of number: UInt64) -> (index: Int, isNew: Bool) {
        var place = Self.hash(number) & mask
        while true {
            let index = places[Int(place)]
            if index < 0 { break }
            if numbers[Int(index)] == number { return (Int(index), false) }
            place = (place + 1) & mask
        }
        places[Int(place)] = Int32(numbers.count)
        numbers.append(number)
        if numbers.count * 2 > places.count { grow() }
        return (numbers.count - 1, true)
    }

    private mutating func grow() {
        places = Array(repeating: -1, count: places.count * 2)
        mask = UInt64(places.count - 1)
        for (index, number) in numbers.enumerated() {
            var place = Self.hash(number) & mask
            while places[Int(place)] >= 0 { place = (place + 1) & mask }
            places[Int(place)] = Int32(index)
        }
    }

    /// Spreads numbers, which are usually close together, over all bits (the finalizer of SplitMix64). The numbers are the caller's own,
    /// so nobody outside can choose ones that collide.
    private static func hash(_ number: UInt64) -> UInt64 {
        var bits = number &+ 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
