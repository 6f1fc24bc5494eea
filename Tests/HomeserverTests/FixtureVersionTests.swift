import Glibc
import Homeserver
import Store
import TestSupport
import Testing

@Suite struct FixtureVersionTests {
    @Test func thisProgramsSchemaVersionsHaveAFixture() {
        let versions = Databases.schemas.map { "\($0.version)" }.joined(separator: "-")
        let path = "Tests/Fixtures/schema-\(versions).tar.gz"
        #expect(
            access("\(Repository.path)/\(path)", F_OK) == 0,
            """
            A schema's version was raised, and \(path) is missing. Run `make fixture` and add the file, so that what this version writes is \
            tested with later ones. Remove the fixtures of versions that no migration leads on from.
            """)
    }
}
