/// What is wrong with a configuration: all the problems that were found, in the order in which they should be read.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    package struct Problem: Equatable, Sendable, CustomStringConvertible {
        /// Where the value was given: `martlet.yaml:3:1`, an environment variable's name, a flag; nil if it was not given at all.
        package var origin: String?
        package var text: String

        package var description: String {
            origin.map { "\($0): \(text)" } ?? text
        }
    }

    package var problems: [Problem]

    init(_ problems: [Problem]) {
        self.problems = problems
    }

    /// A problem that is found when a value is used for the first time.
    package init(_ text: String) {
        problems = [Problem(text: text)]
    }

    /// One line for each problem.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
