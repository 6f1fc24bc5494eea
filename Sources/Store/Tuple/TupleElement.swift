/// One element of a ``Tuple``.
///
/// The order is FoundationDB's, which is the order of the encoded bytes: first by type, in the order of the cases below (with the two kinds
/// of integers as one); bytes, strings (as UTF-8) and tuples by their first difference; integers by value; floating-point numbers in a
/// total order with -NaN first, -0.0 before 0.0, and NaN last; false before true. Equality agrees with it, so NaN equals itself, and
/// strings are equal only if their bytes are.
package enum TupleElement: Sendable {
    case null
    case bytes([UInt8])
    case string(String)
    case tuple([TupleElement])
    case integer(Int64)
    case bigInteger(BigInteger)
    case float(Float)
    case double(Double)
    case bool(Bool)
    case uuid(TupleUUID)
    case versionstamp(Versionstamp)
}

extension TupleElement {
    /// Appends the element as it stands in a tuple, or in a nested one, where a null needs two bytes.
    func encode(to bytes: inout [UInt8], isNested: Bool) {
        switch self {
        case .null:
            bytes.append(TupleTypeCode.null)
            if isNested { bytes.append(TupleTypeCode.escape) }
        case .bytes(let value): value.encode(to: &bytes)
        case .string(let value): value.encode(to: &bytes)
        case .tuple(let elements):
            bytes.append(TupleTypeCode.tuple)
            for element in elements { element.encode(to: &bytes, isNested: true) }
            bytes.append(TupleTypeCode.terminator)
        case .integer(let value): value.encode(to: &bytes)
        case .bigInteger(let value): value.encode(to: &bytes)
        case .float(let value): value.encode(to: &bytes)
        case .double(let value): value.encode(to: &bytes)
        case .bool(let value): value.encode(to: &bytes)
        case .uuid(let value): value.encode(to: &bytes)
        case .versionstamp(let value): value.encode(to: &bytes)
        }
    }
}

extension TupleElement: Comparable {
    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bytes(let left), .bytes(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.tuple(let left), .tuple(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.bigInteger(let left), .bigInteger(let right)): left == right
        case (.float(let left), .float(let right)): left.bitPattern == right.bitPattern
        case (.double(let left), .double(let right)): left.bitPattern == right.bitPattern
        case (.bool(let left), .bool(let right)): left == right
        case (.uuid(let left), .uuid(let right)): left == right
        case (.versionstamp(let left), .versionstamp(let right)): left == right
        default: false
        }
    }

    package static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.bytes(let left), .bytes(let right)): left.lexicographicallyPrecedes(right)
        case (.string(let left), .string(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.tuple(let left), .tuple(let right)): precedes(left, right)
        case (.integer(let left), .integer(let right)): left < right
        case (.integer, .bigInteger(let right)): !right.isNegative
        case (.bigInteger(let left), .integer): left.isNegative
        case (.bigInteger(let left), .bigInteger(let right)): left < right
        case (.float(let left), .float(let right)): left.sortableBits < right.sortableBits
        case (.double(let left), .double(let right)): left.sortableBits < right.sortableBits
        case (.bool(let left), .bool(let right)): !left && right
        case (.uuid(let left), .uuid(let right)): left < right
        case (.versionstamp(let left), .versionstamp(let right)): left < right
        default: left.rank < right.rank
        }
    }

    /// Whether the first list sorts before the second: by their first difference, or by length if one begins with the other.
    static func precedes(_ left: [TupleElement], _ right: [TupleElement]) -> Bool {
        // Not lexicographicallyPrecedes: it compares each pair in both directions, which doubles the work with every level of nesting.
        for (left, right) in zip(left, right) where left != right { return left < right }
        return left.count < right.count
    }

    /// The place of the element's type among the types.
    private var rank: UInt8 {
        switch self {
        case .null: TupleTypeCode.null
        case .bytes: TupleTypeCode.bytes
        case .string: TupleTypeCode.string
        case .tuple: TupleTypeCode.tuple
        case .integer, .bigInteger: TupleTypeCode.zero
        case .float: TupleTypeCode.float
        case .double: TupleTypeCode.double
        case .bool: TupleTypeCode.false
        case .uuid: TupleTypeCode.uuid
        case .versionstamp: TupleTypeCode.versionstamp
        }
    }
}

extension TupleElement: Hashable {
    package func hash(into hasher: inout Hasher) {
        // Equal elements, and only they, have equal encodings; the cases' own hashes don't follow this type's equality.
        var bytes: [UInt8] = []
        encode(to: &bytes, isNested: false)
        hasher.combine(bytes)
    }
}
