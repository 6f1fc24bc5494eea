import CanonicalJSON
import TestSupport
import Testing

/// What is accepted, as canonical or only leniently, and what is written is what Python's json accepts and writes.
@Suite struct PythonComparisonTests {
    private static let documentCount = 4000
    private static let mutationCount = 8000

    @Test func randomDocuments() throws {
        var random = RandomJSON(seed: 1)
        let texts = (0..<Self.documentCount).map { _ in Array(random.document().utf8) }
        let answers = try compare(texts)
        #expect(!answers.contains("refused"))
        #expect(answers.contains { $0.hasPrefix("lenient") } && answers.contains { $0.hasPrefix("canonical") })
    }

    @Test func mutations() throws {
        var random = RandomJSON(seed: 2)
        let texts = (0..<Self.mutationCount).map { index in
            random.mutation(of: index % 2 == 0 ? sampleEvents[index % sampleEvents.count] : Array(random.document().utf8))
        }
        let answers = try compare(texts)
        #expect(answers.contains("refused") && answers.contains { $0 != "refused" })
    }

    @Test func randomDoubles() throws {
        var random = RandomJSON(seed: 3)
        let doubles = (0..<Self.documentCount).map { index in
            index % 2 == 0 ? Double(bitPattern: random.generator.next()) : Double(random.number(in: -1_000_000..<1_000_000)) / 1000
        }
        let powers = (-330..<309).flatMap { [Double("1e\($0)") ?? 0, (Double("1e\($0)") ?? 0).nextUp, Double("1.5e\($0)") ?? 0] }
        let integral = (0..<64).map { Double(UInt64(1) << $0) + 1 }
        _ = try compare((doubles + powers + integral).filter(\.isFinite).map { JSONValue.double($0).encoded() })
    }

    /// Python's answers to the texts, each compared with ours.
    private func compare(_ texts: [[UInt8]], sourceLocation: SourceLocation = #_sourceLocation) throws -> [String] {
        let script = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/python_json.py"
        let result = try PythonEnvironment.run(["python3", script], input: texts.map { hexadecimal($0) + "\n" }.joined())
        try #require(result.status == 0, "\(result.stderr)")
        let answers = result.stdout.split(separator: "\n").map(String.init)
        try #require(answers.count == texts.count)
        for (text, answer) in zip(texts, answers) {
            let ours = self.answer(to: text)
            if ours != answer {
                Issue.record(
                    "\(String(decoding: text, as: UTF8.self)) (\(hexadecimal(text))): Python: \(answer), ours: \(ours)",
                    sourceLocation: sourceLocation)
            }
        }
        return answers
    }

    private func answer(to text: [UInt8]) -> String {
        guard let value = try? JSONValue(parsing: text) else { return "refused" }
        let isCanonical = (try? JSONValue(parsing: text, .canonical)) == value
        return (isCanonical ? "canonical " : "lenient ") + hexadecimal(value.encoded())
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
