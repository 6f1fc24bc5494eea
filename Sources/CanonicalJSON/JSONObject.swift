/// A JSON object: its members in the order of their keys' code points, which is the order of canonical JSON.
///
/// Keys are compared by their UTF-8 bytes, never by Unicode's canonical equivalence. Members are stored in one sorted array: adding in order and
/// walking are cheap, a look-up is a search in it.
public struct JSONObject: Sendable {
    struct Member: Sendable, Hashable {
        var key: String
        var value: JSONValue

        static func == (left: Member, right: Member) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value == right.value
        }

        func hash(into hasher: inout Hasher) {
            key.hashBytes(into: &hasher)
            hasher.combine(value)
        }
    }

    /// In ascending order of the keys' bytes; no key occurs twice.
    private(set) var members: [Member]

    /// Up to this number of members a look-up compares one by one.
    private static let linearSearchMax = 8

    /// An object without members.
    public init() {
        members = []
    }

    /// The members in any order; of those with the same key the last one stays.
    init(_ unordered: some Sequence<(String, JSONValue)>) {
        self.init(unordered: unordered.map { Member(key: $0.0, value: $0.1) })
    }

    /// The members in any order; of those with the same key the last one stays. Linear time if they are in order, n log n if not: a text from
    /// outside chooses the order.
    init(unordered: consuming [Member]) {
        var ordered = unordered
        if !Self.isAscending(ordered) {
            // Position decides between equal keys, so that the last of them ends up last.
            let positions = ordered.indices.sorted { left, right in
                let order = ordered[left].key.order(comparedTo: ordered[right].key)
                return order != 0 ? order < 0 : left < right
            }
            var merged: [Member] = []
            merged.reserveCapacity(ordered.count)
            for position in positions {
                if let last = merged.last, last.key.hasSameBytes(as: ordered[position].key) { merged.removeLast() }
                merged.append(ordered[position])
            }
            ordered = merged
        }
        members = ordered
    }

    /// Takes members that are in ascending order of their keys' bytes, each key once.
    init(ascending: consuming [Member]) {
        assert(Self.isAscending(ascending))
        members = ascending
    }

    private static func isAscending(_ members: [Member]) -> Bool {
        var index = 1
        while index < members.count {
            if members[index - 1].key.order(comparedTo: members[index].key) >= 0 { return false }
            index += 1
        }
        return true
    }

    /// The number of members.
    public var count: Int { members.count }

    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }

    /// The members' keys in order.
    public var keys: [String] { members.map(\.key) }

    /// The member's value; nil if there is none. Setting nil removes the member.
    public subscript(key: String) -> JSONValue? {
        get {
            let found = find(key)
            return found.exists ? members[found.index].value : nil
        }
        set {
            let found = find(key)
            switch (newValue, found.exists) {
            case (let value?, true): members[found.index].value = value
            case (let value?, false): members.insert(Member(key: key, value: value), at: found.index)
            case (nil, true): members.remove(at: found.index)
            case (nil, false): break
            }
        }
    }

    /// Removes the member with this key.
    ///
    /// - Returns: the value that it had; nil if there was none.
    @discardableResult
    public mutating func removeValue(forKey key: String) -> JSONValue? {
        let found = find(key)
        return found.exists ? members.remove(at: found.index).value : nil
    }

    /// Where the key's member is, or where it would have to be inserted.
    private func find(_ key: String) -> (index: Int, exists: Bool) {
        key.withUTF8Bytes { wanted in
            guard let last = members.last else { return (0, false) }
            let orderOfLast = last.key.withUTF8Bytes { $0.order(comparedTo: wanted) }
            if orderOfLast < 0 { return (members.count, false) }
            if orderOfLast == 0 { return (members.count - 1, true) }

            var low = 0
            var high = members.count - 1
            while high - low > Self.linearSearchMax {
                let middle = (low + high) / 2
                if members[middle].key.withUTF8Bytes({ $0.order(comparedTo: wanted) }) < 0 { low = middle + 1 } else { high = middle }
            }
            while low < high {
                let order = members[low].key.withUTF8Bytes { $0.order(comparedTo: wanted) }
                if order >= 0 { return (low, order == 0) }
                low += 1
            }
            return (low, members[low].key.withUTF8Bytes { $0.order(comparedTo: wanted) } == 0)
        }
    }
}

extension JSONObject: Hashable {}

extension JSONObject: Sequence {
    /// Walks over the members in the order of their keys.
    public struct Iterator: IteratorProtocol {
        var members: IndexingIterator<[Member]>

        public mutating func next() -> (key: String, value: JSONValue)? {
            members.next().map { ($0.key, $0.value) }
        }
    }

    public var underestimatedCount: Int { members.count }

    public func makeIterator() -> Iterator { Iterator(members: members.makeIterator()) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Of members with the same key the last one stays.
    public init(dictionaryLiteral members: (String, JSONValue)...) { self.init(members) }
}
