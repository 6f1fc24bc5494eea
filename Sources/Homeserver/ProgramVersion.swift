/// The program's own version.
package enum ProgramVersion {
    package static let current = "0.1.0"
}
