/// Gives numbers from outside indices from 0 on, in the order in which they are first asked for.
///
/// A hash table with open addressing: an event of an auth chain is asked for by every event that names it.
struct NumberTable {
    /// The numbers by their index.
    private(set) var numbers: [UInt64] = []
    private var places: [Place]
    private var mask: Int

    /// A number with its index; negative in a place that is free. At most half of the places are taken.
    private struct Place {
        var number: UInt64 = 0
        var index: Int32 = -1
    }

    /// - Parameter capacity: how many numbers to expect.
    init(capacity: Int) {
        var count = 64
        while count < 2 * capacity { count *= 2 }
        places = Array(repeating: Place(), count: count)
        mask = count - 1
        numbers.reserveCapacity(capacity)
    }

    /// The number's index, and whether it is new.
    mutating func index(of number: UInt64) -> (index: Int, isNew: Bool) {
        var place = home(of: number)
        while places[place].index >= 0 {
            if places[place].number == number { return (Int(places[place].index), false) }
            place = (place + 1) & mask
        }
        places[place] = Place(number: number, index: Int32(numbers.count))
        numbers.append(number)
        if numbers.count * 2 > places.count { grow() }
        return (numbers.count - 1, true)
    }

    private mutating func grow() {
        places = Array(repeating: Place(), count: places.count * 2)
        mask = places.count - 1
        for (index, number) in numbers.enumerated() {
            var place = home(of: number)
            while places[place].index >= 0 { place = (place + 1) & mask }
            places[place] = Place(number: number, index: Int32(index))
        }
    }

    /// Where to look for a number first. Numbers come from a counter, perhaps with zeros behind it: so neighbours lie together, and hardly any
    /// collide. They are the caller's own: nobody outside can choose ones that do.
    private func home(of number: UInt64) -> Int {
        Int(truncatingIfNeeded: number ^ (number >> 16) ^ (number >> 32)) & mask
    }
}
