import Glibc
import TestSupport
import Testing

/// `make faults` puts faults into a copy of the store, one at a time, and lets the simulation find them. Here they are only tried on.
@Suite struct FaultsTests {
    private static let folder = "\(#filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" })/Faults"

    @Test func eachFaultCanBePutIn() async throws {
        let directory = try TemporaryDirectory()
        let patches = try names().filter { $0.hasSuffix(".patch") }
        #expect(patches.count >= 12)
        for patch in patches {
            let (status, output) = try await ChildProcess.run(
                "/usr/bin/git", ["-C", "\(Self.folder)/../..", "apply", "--check", "\(Self.folder)/\(patch)"],
                outputPath: "\(directory.path)/output")
            #expect(status == .exited(0), "\(patch) doesn't apply: \(output)")
        }
    }

    private func names() throws -> [String] {
        let stream = try #require(opendir(Self.folder))
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
