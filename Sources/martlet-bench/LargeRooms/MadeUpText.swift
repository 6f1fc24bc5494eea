/// Text of made-up words, of which a few are much more common than most, as in every language. The same one in each run.
struct MadeUpText {
    /// The words, the most common one first.
    static let vocabulary: [String] = {
        let syllables = ["ba", "ko", "mi", "ru", "te", "la", "so", "vi", "ne", "du", "pa", "go", "hi"]
        var words: [String] = []
        for first in syllables {
            for second in syllables {
                for third in syllables { words.append(first + second + third) }
            }
        }
        var random = SeededRandom(seed: 1)
        return words.shuffled(using: &random)
    }()

    private var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    /// The next text.
    mutating func next(words: Int = 10) -> String {
        (0..<words).map { _ in word() }.joined(separator: " ")
    }

    /// The word of rank r comes about as often as 1/r.
    private mutating func word() -> String {
        var rank = 1
        while rank * 2 <= Self.vocabulary.count, random.next() % 11 != 0 { rank *= 2 }
        return Self.vocabulary[Int.random(in: rank - 1..<min(rank * 2 - 1, Self.vocabulary.count), using: &random)]
    }
}

/// SplitMix64: numbers that are the same in each run.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
