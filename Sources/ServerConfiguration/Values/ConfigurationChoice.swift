/// A value that is one of a few words.
package protocol ConfigurationChoice: RawRepresentable<String>, CaseIterable, DescribedValue, Sendable {}

extension ConfigurationChoice {
    package static var expectation: String {
        "one of " + allCases.map(\.rawValue).joined(separator: ", ")
    }
}
