import TestSupport

@testable import Store

/// Random tuples that dwell on the edges: of integer sizes, of floating-point numbers, of escaping, of nesting. The same seed gives the
/// same ones.
struct TupleRandom: RandomNumberGenerator {
    private var generator: SplitMix64

    init(seed: UInt64) {
        generator = SplitMix64(seed: seed)
    }

    mutating func next() -> UInt64 {
        generator.next()
    }

    /// Tuples of which many differ from the one before only at the end, so that comparing neighbours goes deep.
    mutating func tuples(count: Int) -> [Tuple] {
        var tuples: [Tuple] = []
        for _ in 0..<count {
            guard var elements = tuples.last?.elements, Int.random(in: 0..<3, using: &self) > 0 else {
                tuples.append(Tuple(list(depth: 0)))
                continue
            }
            switch Int.random(in: 0..<4, using: &self) {
            case 0: elements.append(element(depth: 0))
            case 1: _ = elements.popLast()
            case 2: if let last = elements.indices.last { elements[last] = neighbour(of: elements[last]) }
            default: if let last = elements.indices.last { elements[last] = element(depth: 0) }
            }
            tuples.append(Tuple(elements))
        }
        return tuples
    }

    private mutating func list(depth: Int) -> [TupleElement] {
        (0..<Int.random(in: 0...5, using: &self)).map { _ in element(depth: depth) }
    }

    private mutating func element(depth: Int) -> TupleElement {
        switch Int.random(in: depth < 4 ? 0..<12 : 1..<12, using: &self) {
        case 0: .tuple(list(depth: depth + 1))
        case 1: .null
        case 2: .bytes(bytes())
        case 3: .string(string())
        case 4, 5: integer()
        case 6: bigInteger()
        case 7: .float(float())
        case 8: .double(double())
        case 9: .bool(Bool.random(using: &self))
        case 10: .uuid(TupleUUID(UInt128.random(in: 0 ... .max, using: &self)))
        default: .versionstamp(versionstamp())
        }
    }

    /// An element of the same type that is equal or close by.
    private mutating func neighbour(of element: TupleElement) -> TupleElement {
        switch element {
        case .bytes(let value): .bytes(value + bytes())
        case .string(let value): .string(value + string())
        case .tuple(let value): .tuple(value + [self.element(depth: 4)])
        case .integer(let value): .integer(value &+ Int64.random(in: -1...1, using: &self))
        case .float(let value): .float(-value)
        case .double(let value): .double(-value)
        case .versionstamp(let value):
            .versionstamp(Versionstamp(value.position, batch: value.batch, userVersion: value.userVersion ^ 1))
        case .null, .bigInteger, .bool, .uuid: element
        }
    }

    private mutating func bytes() -> [UInt8] {
        let interesting: [UInt8] = [0x00, 0x00, 0xFF, 0x01, 0x7F]
        return (0..<Int.random(in: 0...6, using: &self)).map { _ in
            Bool.random(using: &self) ? interesting[Int.random(in: 0..<5, using: &self)] : UInt8.random(in: 0...255, using: &self)
        }
    }

    private mutating func string() -> String {
        // Both sides of the surrogates, where the orders of UTF-8 and UTF-16 differ; both spellings of é, which Swift's own == takes for
        // equal.
        let characters = ["a", "\0", "é", "e\u{301}", "\u{FF}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}", "日"]
        return (0..<Int.random(in: 0...5, using: &self)).map { _ in characters[Int.random(in: 0..<characters.count, using: &self)] }
            .joined()
    }

    private mutating func integer() -> TupleElement {
        // Around ±256^n, where the length changes.
        let shift = Int64.random(in: 0...8, using: &self) * 8
        let near = (1 << shift) &+ Int64.random(in: -2...2, using: &self)
        return switch Int.random(in: 0..<4, using: &self) {
        case 0: .integer(near)
        case 1: .integer(0 &- near)
        case 2: .integer([Int64.min, .min + 1, .max, .max - 1, 0][Int.random(in: 0..<5, using: &self)])
        default: .integer(Int64(truncatingIfNeeded: next()) >> Int64.random(in: 0..<64, using: &self))
        }
    }

    private mutating func bigInteger() -> TupleElement {
        let isNegative = Bool.random(using: &self)
        let sizes = [8, 8, 8, 9, 10, 16, 254, 255]
        let count = sizes[Int.random(in: 0..<sizes.count, using: &self)]
        let magnitude: [UInt8] =
            switch Int.random(in: 0..<4, using: &self) {
            case 0: [UInt8](repeating: 0xFF, count: count)
            case 1: [0x80] + [UInt8](repeating: 0, count: count - 2) + [UInt8.random(in: 0...2, using: &self)]
            default: [UInt8.random(in: 1...255, using: &self)] + (1..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
            }
        return BigInteger(isNegative: isNegative, magnitude: magnitude).map(TupleElement.bigInteger) ?? .null
    }

    private mutating func float() -> Float {
        let edges: [Float] = [
            0, -0.0, 1, -1, .infinity, -.infinity, .nan, -.nan, .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude,
        ]
        if Bool.random(using: &self) { return edges[Int.random(in: 0..<edges.count, using: &self)] }
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: next()))
        // Python keeps a single as a double, and a signalling NaN doesn't survive that.
        return value.isSignalingNaN ? Float(bitPattern: value.bitPattern | 1 << 22) : value
    }

    private mutating func double() -> Double {
        let edges: [Double] = [
            0, -0.0, 1, -1, .infinity, -.infinity, .nan, -.nan, .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude,
        ]
        return Bool.random(using: &self) ? edges[Int.random(in: 0..<edges.count, using: &self)] : Double(bitPattern: next())
    }

    private mutating func versionstamp() -> Versionstamp {
        let position = Bool.random(using: &self) ? Int64.random(in: -2...2, using: &self) : Int64(truncatingIfNeeded: next())
        // Below 0xFFFF: with position -1 that is FoundationDB's sign for a versionstamp that is not complete.
        return Versionstamp(
            Position(position), batch: UInt16.random(in: 0..<0xFFFF, using: &self), userVersion: UInt16.random(in: 0...0xFFFF, using: &self)
        )
    }
}

extension Collection<UInt8> {
    /// The bytes in lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] })
    }
}
