/// A number that one client sets again and again, as far as the client can know it: the last one that was answered or read, and those that
/// were tried after it without an answer.
struct TriedValue: CustomStringConvertible {
    private var candidates: [Int64] = [0]

    /// The last value that was answered or read; 0 before the first.
    var known: Int64 { candidates[0] }

    /// A request that sets it is about to be sent.
    mutating func isTried(_ value: Int64) {
        candidates.append(value)
    }

    /// That request was answered.
    mutating func isAnswered(_ value: Int64) {
        candidates = [value]
    }

    /// Takes in what was read.
    ///
    /// - Returns: whether the value may be that.
    mutating func isRead(_ value: Int64) -> Bool {
        guard let index = candidates.firstIndex(of: value) else { return false }
        candidates.removeFirst(index)
        return true
    }

    var description: String { "\(candidates[0]) and then tried \(candidates.dropFirst())" }
}
